"""What the operator is told when the portal cannot start: one sentence, in English and in Chinese."""

from pathlib import Path


class CannotStartError(Exception):
    """The portal cannot start; `str()` is one English sentence and the same in Chinese, each on its line."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(f"{english}\n{chinese}")


# No reason not to start, but one to do something about.
RUNS_AS_OWNER = (
    "The role of DATABASE_URL owns the tables, so nothing but triggers keeps the portal from changing its audit log: "
    "give it a role of its own and name the owner's in DATABASE_OWNER_URL, see docs/operations.md.",
    "DATABASE_URL 所用角色是数据表的属主，仅靠触发器阻止系统改动审计日志：请另建应用角色，并用 DATABASE_OWNER_URL 指定属主，见 docs/operations.md。",
)


def port_taken(port: int) -> CannotStartError:
    """Say that another program listens on `port`."""
    return CannotStartError(
        f"Port {port} of 127.0.0.1 is taken by another program: stop it, or choose another port, for example make run PORT={port + 1}.",
        f"127.0.0.1 的 {port} 端口已被其他程序占用：请停止该程序，或换一个端口，例如 make run PORT={port + 1}。",
    )


def port_forbidden(port: int, reason: str) -> CannotStartError:
    """Say that the system does not let us listen on `port`."""
    return CannotStartError(
        f"Cannot listen on port {port} of 127.0.0.1 ({reason}): choose another port, for example make run PORT=8000.",
        f"无法监听 127.0.0.1 的 {port} 端口（{reason}）：请换一个端口，例如 make run PORT=8000。",
    )


def unwritable(folder: Path, reason: str) -> CannotStartError:
    """Say that `folder` cannot be written to."""
    return CannotStartError(
        f"Cannot write to the data folder {folder} ({reason}): make it writable, or choose another, for example make run DATA_DIR=$HOME/portal-data.",
        f"无法写入数据目录 {folder}（{reason}）：请改为可写，或另选目录，例如 make run DATA_DIR=$HOME/portal-data。",
    )


def foreign(folder: Path, owner: str) -> CannotStartError:
    """Say that `folder` belongs to another user of this machine."""
    return CannotStartError(
        f"The data folder {folder} belongs to {owner}: run the portal as that user, or choose a folder of your own with DATA_DIR.",
        f"数据目录 {folder} 属于用户 {owner}：请以该用户运行，或用 DATA_DIR 指定自己的目录。",
    )


def not_a_cluster(folder: Path) -> CannotStartError:
    """Say that `folder` holds something else than our database."""
    return CannotStartError(
        f"{folder} holds files that are no database of this portal: move them away, or choose another folder with DATA_DIR.",
        f"{folder} 中的文件不是本系统的数据库：请移走这些文件，或用 DATA_DIR 另选目录。",
    )


def already_running(folder: Path, pid: str) -> CannotStartError:
    """Say that another portal holds `folder`."""
    return CannotStartError(
        f"The portal already runs on the data folder {folder} (process {pid}): stop it first, or choose another folder with DATA_DIR.",
        f"已有一个本系统的进程（{pid}）在使用数据目录 {folder}：请先停止它，或用 DATA_DIR 另选目录。",
    )


def no_binaries() -> CannotStartError:
    """Say that no PostgreSQL is installed."""
    return CannotStartError(
        "There is no PostgreSQL for this machine: install the system's package postgresql, or set DATABASE_URL to a server.",
        "本机没有可用的 PostgreSQL：请安装系统的 postgresql 软件包，或用 DATABASE_URL 指定数据库服务器。",
    )


def no_server_user() -> CannotStartError:
    """Say that root found no other user to run PostgreSQL as."""
    return CannotStartError(
        "PostgreSQL refuses to run as root and no other system user could run it here: run make run as an ordinary user, or set DATABASE_URL.",
        "PostgreSQL 不能以 root 运行，本机也没有可代为运行它的系统用户：请以普通用户执行 make run，或设置 DATABASE_URL。",
    )


def database_failed(log: Path, reason: str) -> CannotStartError:
    """Say that the embedded server did not come up."""
    return CannotStartError(
        f"The embedded PostgreSQL did not start ({reason}): see {log}.",
        f"内置 PostgreSQL 未能启动（{reason}）：详见 {log}。",
    )


def wrong_password() -> CannotStartError:
    """Say that the server of DATABASE_URL refuses the account."""
    return CannotStartError(
        "The server of DATABASE_URL refuses the user name or the password: correct them in DATABASE_URL.",
        "DATABASE_URL 所指的服务器不接受其中的用户名或密码：请在 DATABASE_URL 中改正。",
    )


def no_such_database(name: str) -> CannotStartError:
    """Say that the server of DATABASE_URL has no database of that name."""
    return CannotStartError(
        f"The server of DATABASE_URL has no database named {name}: create it, or correct the name in DATABASE_URL.",
        f"DATABASE_URL 所指的服务器上没有名为 {name} 的数据库：请先创建，或在 DATABASE_URL 中改正名称。",
    )


def unreachable(reason: str) -> CannotStartError:
    """Say that the server of DATABASE_URL does not answer."""
    return CannotStartError(
        f"The server of DATABASE_URL does not answer ({reason}): start it, or correct host and port in DATABASE_URL.",
        f"DATABASE_URL 所指的服务器没有应答（{reason}）：请启动该服务器，或在 DATABASE_URL 中改正主机和端口。",
    )


def too_old(version: int) -> CannotStartError:
    """Say that the server of DATABASE_URL is older than the portal's SQL needs."""
    return CannotStartError(
        f"The server of DATABASE_URL is PostgreSQL {version}, and the portal needs 15 or later: upgrade it, or set another DATABASE_URL.",
        f"DATABASE_URL 所指的服务器是 PostgreSQL {version}，本系统需要 15 或更高版本：请升级，或另设 DATABASE_URL。",
    )


def keeps_failing(name: str, log: Path) -> CannotStartError:
    """Say that one of our processes ends again and again."""
    return CannotStartError(
        f"The {name} process ends again as soon as it is started: see {log}.",
        f"{name} 进程一启动即退出：详见 {log}。",
    )


def not_prepared(reason: str, log: Path) -> CannotStartError:
    """Say that migrations or the first data failed."""
    return CannotStartError(
        f"The database could not be prepared ({reason}): see {log}.",
        f"数据库未能准备就绪（{reason}）：详见 {log}。",
    )


def no_static_files(reason: str, log: Path) -> CannotStartError:
    """Say that the style sheets and scripts are not whole."""
    return CannotStartError(
        f"The style sheets and scripts could not be prepared ({reason}): see {log}.",
        f"样式和脚本文件未能准备就绪（{reason}）：详见 {log}。",
    )


def no_port(text: str) -> CannotStartError:
    """Say that `text` is no port number."""
    return CannotStartError(
        f"PORT must be a whole number from 1 to 65535, not {text!r}: for example make run PORT=8123.",
        f"PORT 应为 1 到 65535 的整数，而不是 {text!r}：例如 make run PORT=8123。",
    )
