"""What the operator is told when a backup cannot be made or is not restored: one sentence, in English and in Chinese."""

from pathlib import Path

from portal.foundation.errors import ForOperatorsError


class BackupError(ForOperatorsError):
    """A backup was not made or not restored; `str()` is one English sentence and the same in Chinese, each on its line.

    Attributes:
        reason: the same in a word, for logs.
    """

    def __init__(self, reason: str, english: str, chinese: str) -> None:
        super().__init__(f"{english}\n{chinese}")
        self.reason = reason


def _untouched(reason: str, english: str, chinese: str) -> BackupError:
    """Say why a restore was refused before it began."""
    return BackupError(reason, f"{english} Nothing was touched.", f"{chinese}未改动任何数据。")


def no_key() -> BackupError:
    """Say that nobody has made a key."""
    return BackupError(
        "no_key",
        "There is no key to encrypt backups with: run manage.py backup --new-key and keep what it prints away from this machine, or set BACKUP_RECIPIENT.",
        "还没有用于加密备份的密钥：请执行 manage.py backup --new-key，并把显示的私钥保存到本机之外；也可设置 BACKUP_RECIPIENT。",
    )


def key_is_there(where: str) -> BackupError:
    """Say that a second key would lock out the holder of the first."""
    return BackupError(
        "key_is_there",
        f"There is a key already, in {where}: backups go on with it. Remove it there first if its private part is lost; earlier backups keep theirs.",
        f"已有密钥，位于 {where}：备份将继续使用它。如私钥已遗失，请先在该处移除；以前的备份仍只能用原来的私钥打开。",
    )


def no_recipient(text: str) -> BackupError:
    """Say that a recipient is none."""
    if text.upper().startswith("AGE-SECRET-KEY-"):
        return BackupError(
            "private_recipient",
            "BACKUP_RECIPIENT holds a private key: replace it by its public part (age1…), and take the private key off this machine.",
            "BACKUP_RECIPIENT 中填的是私钥：请改为公钥（age1…），并把私钥从本机移走。",
        )
    return BackupError(
        "no_recipient",
        f"{text[:80]!r} is not a public key of age: it begins with age1; manage.py backup --new-key makes one.",
        f"{text[:80]!r} 不是 age 公钥：公钥以 age1 开头，可用 manage.py backup --new-key 生成。",
    )


def key_beside(path: Path) -> BackupError:
    """Say that a private key lies where backups lie."""
    return BackupError(
        "key_beside",
        f"{path} holds a private key beside the backups, where whoever takes them could open them: move it to another machine first.",
        f"{path} 中有私钥，与备份放在一起：谁拿走备份就能打开。请先把私钥移到另一台机器。",
    )


def no_identity(path: Path) -> BackupError:
    """Say that a file holds no private key."""
    return BackupError(
        "no_identity",
        f"{path} holds no private key of age: name the file that holds the line beginning with AGE-SECRET-KEY-1.",
        f"{path} 中没有 age 私钥：请指定含有以 AGE-SECRET-KEY-1 开头一行的文件。",
    )


def unreadable(path: Path, reason: str) -> BackupError:
    """Say that a file cannot be read."""
    return BackupError("unreadable", f"Cannot read {path} ({reason}).", f"无法读取 {path}（{reason}）。")


def unwritable(folder: Path, reason: str) -> BackupError:
    """Say that backups cannot be written, and that nothing is left of the try."""
    return BackupError(
        "unwritable",
        f"The backup could not be written to {folder} ({reason}): make room or choose another folder with --to. Earlier backups are untouched.",
        f"无法把备份写入 {folder}（{reason}）：请腾出空间，或用 --to 另选目录。以前的备份未受影响。",
    )


def another_runs() -> BackupError:
    """Say that a backup is being made."""
    return BackupError("another_runs", "Another backup of this database is being made: wait for it.", "本数据库正在进行另一次备份：请等它结束。")


def pooled() -> BackupError:
    """Say that a pooler in transaction mode cannot carry a dump."""
    return BackupError(
        "pooled",
        "A backup needs a session of its own: give the database server's own address in DATABASE_URL, with DATABASE_POOLED=0.",
        "备份需要独占的数据库会话：请在 DATABASE_URL 中填写数据库服务器本身的地址，并设 DATABASE_POOLED=0。",
    )


def no_program(name: str, version: int) -> BackupError:
    """Say that the server is newer than every program here."""
    return BackupError(
        "no_program",
        f"The server is PostgreSQL {version}, and no {name} here can handle it: install the system's package postgresql-client-{version}.",
        f"数据库服务器是 PostgreSQL {version}，本机没有适用的 {name}：请安装系统软件包 postgresql-client-{version}。",
    )


def program_failed(name: str, reason: str) -> BackupError:
    """Repeat what one of PostgreSQL's programs said last."""
    return BackupError("program_failed", f"{name} gave up: {reason}", f"{name} 中止：{reason}")


def away(reason: str) -> BackupError:
    """Say that the database does not answer."""
    return BackupError("away", f"The database does not answer ({reason}): start the portal first.", f"数据库没有应答（{reason}）：请先启动系统。")


def other_key(path: Path) -> BackupError:
    """Say that a key does not open a backup, or that its first lines were altered, which looks the same."""
    return _untouched(
        "other_key",
        f"{path} does not open with this key: it was made for another one, or its first lines were altered.",
        f"{path} 不能用此私钥打开：它是用另一把密钥加密的，或文件开头被改动。",
    )


def no_backup(path: Path) -> BackupError:
    """Say that a file is something else."""
    return _untouched("no_backup", f"{path} is not a backup of this portal.", f"{path} 不是本系统的备份文件。")


def damaged(path: Path, what: str) -> BackupError:
    """Say that a backup is not as it was written."""
    return _untouched(
        "damaged",
        f"{path} was cut short or altered ({what}): take another copy of it or an earlier backup.",
        f"{path} 不完整或被改动（{what}）：请换一份副本，或用更早的备份。",
    )


def no_signer(text: str) -> BackupError:
    """Say that what should name a writer names none."""
    return BackupError(
        "no_signer",
        f"{text[:80]!r} is not the public key of a portal: it has 64 digits and letters from a to f, as manage.py backup --new-key and each backup print it.",
        f"{text[:80]!r} 不是系统的签名公钥：它由 64 个数字和字母 a 到 f 组成，执行 manage.py backup --new-key 及每次备份时都会显示。",
    )


def nobody_trusted(path: Path) -> BackupError:
    """Say that it has to be told who may have written a backup."""
    return _untouched(
        "nobody_trusted",
        f"{path} may have been written by anybody: name the portal that made it with --signed-by, or take any with --any-writer.",
        f"无法确认 {path} 由谁生成：请用 --signed-by 指定生成它的系统的签名公钥，或用 --any-writer 接受任何来源。",
    )


def unsigned(path: Path) -> BackupError:
    """Say that nobody has signed a backup."""
    return _untouched(
        "unsigned",
        f"{path} is not signed, or not with what it holds: it was made before backups were signed, or by somebody else. "
        "Compare its SHA-256 with the audit log, and only then add --any-writer.",
        f"{path} 没有有效签名：可能生成于备份开始签名之前，也可能出自他人之手。请先把它的 SHA-256 与审计日志核对，无误后再加 --any-writer。",
    )


def other_writer(path: Path, signer: str) -> BackupError:
    """Say that somebody else has signed a backup."""
    return _untouched(
        "other_writer",
        f"{path} was signed by another portal ({signer}): name it with --signed-by only if you know that key.",
        f"{path} 由另一套系统签名（{signer}）：确认认识这把签名公钥时，才用 --signed-by 指定它。",
    )


def newer(path: Path, what: str) -> BackupError:
    """Say that a backup needs a newer portal."""
    return _untouched(
        "newer",
        f"{path} was made by a newer version of the portal ({what}): bring the portal up to that version first.",
        f"{path} 由更新版本的系统生成（{what}）：请先把系统升级到该版本。",
    )


def not_empty(name: str) -> BackupError:
    """Say that a restore would take the place of something."""
    return _untouched(
        "not_empty",
        f"The database {name} holds data: restore into an empty portal, or add --replace, which puts this one aside and keeps it.",
        f"数据库 {name} 中已有数据：请恢复到空的系统，或加上 --replace，将现有数据库改名保留。",
    )


def in_use(name: str, connections: int) -> BackupError:
    """Say that somebody uses the database."""
    return _untouched(
        "in_use",
        f"The database {name} is in use (connections: {connections}): stop the portal and whatever else uses it.",
        f"数据库 {name} 正被 {connections} 个连接使用：请先停止系统及其他使用者。",
    )


def another_restores() -> BackupError:
    """Say that somebody restores into the same database."""
    return BackupError("another_restores", "Another restore into this database is under way: wait for it.", "本数据库正在进行另一次恢复：请等它结束。")


def may_not_make(role: str) -> BackupError:
    """Say that a role may not make databases."""
    return _untouched(
        "may_not_make",
        f"A backup is restored into a database beside, and {role} may not make one: run ALTER ROLE {role} CREATEDB first.",
        f"恢复时先写入旁边的新数据库，而角色 {role} 无权建库：请先执行 ALTER ROLE {role} CREATEDB。",
    )


def not_restored(reason: str) -> BackupError:
    """Say why a restore was given up."""
    return BackupError("not_restored", f"The backup was not restored ({reason}). Everything is as it was.", f"未能恢复备份（{reason}）。一切保持原样。")


def broken_off(name: str) -> BackupError:
    """Say that the connection broke in the one moment that counts."""
    return BackupError(
        "broken_off",
        f"The server went while {name} and the restored database changed names: both did, or neither. Start the portal, look, and restore again if need be.",
        f"{name} 与恢复出的数据库互换名称时服务器断开（要么都换，要么都没换）：请启动系统查看结果，必要时重新恢复。",
    )
