"""Make `.venv` from `requirements.lock`, if it is not made already. Run by the system's Python, so it uses no package.

It is also read by Pythons older than 3.11, to tell them so: no newer syntax here.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "installed-from"


def main() -> None:
    """Make the environment, or end with a sentence that says what is missing."""
    if sys.version_info < (3, 11):  # noqa: UP036 -- the one place that meets an older one
        version = ".".join(map(str, sys.version_info[:2]))
        stop(
            "Python 3.11 or newer is needed and python3 is " + version + ": install a newer one, or name it with make PYTHON=/path/to/python3.11.",
            "需要 Python 3.11 或更高版本，而当前 python3 为 " + version + "：请安装新版本，或用 make PYTHON=/path/to/python3.11 指定。",
        )
    # Two commands of make at once must not both install.
    folder = os.open(str(ROOT), os.O_RDONLY)
    with contextlib.suppress(OSError):
        fcntl.flock(folder, fcntl.LOCK_EX)
    wanted = "\n".join([str(VENV), sys.base_prefix, sys.version, hashlib.sha256(LOCK.read_bytes()).hexdigest()])
    if STAMP.is_file() and STAMP.read_text() == wanted and (VENV / "bin" / "python").exists():
        return
    say("Installing the environment (once; it takes a minute)", "正在安装运行环境（仅首次需要，约一分钟）")
    try:
        make()
        STAMP.unlink(missing_ok=True)
    except OSError as error:
        stop(
            "Cannot write to " + str(ROOT) + " (" + str(error.strerror) + "): make it writable, or copy the portal to a folder of your own.",
            "无法写入 " + str(ROOT) + "（" + str(error.strerror) + "）：请改为可写，或把本系统复制到自己的目录。",
        )
    install()
    STAMP.write_text(wanted)


def make() -> None:
    """Make an empty virtual environment; one that this Python made before is kept."""
    made_by = VENV / "pyvenv.cfg"
    if made_by.is_file() and ("version = " + sys.version.split()[0]) in made_by.read_text() and run([str(VENV / "bin" / "python"), "-m", "pip", "--version"]):
        return
    shutil.rmtree(str(VENV), ignore_errors=True)
    VENV.mkdir(exist_ok=True)
    venv = [sys.executable, "-m", "venv", "--clear"]
    if run([*venv, str(VENV)]):
        return
    if run([sys.executable, "-m", "pip", "--version"]) and run([*venv, "--without-pip", str(VENV)]):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("Installing python3-venv", "正在安装 python3-venv")
        run(["apt-get", "update", "-qq"])
        if run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "python3-venv"]) and run([*venv, str(VENV)]):
            return
    stop(
        "Python's modules venv and ensurepip are missing: install them, on Debian or Ubuntu with apt-get install python3-venv.",
        "缺少 Python 的 venv 和 ensurepip 模块：请先安装，Debian 或 Ubuntu 上执行 apt-get install python3-venv。",
    )


def install() -> None:
    """Install what the lock names, each file checked by its hash."""
    python = str(VENV / "bin" / "python")
    # Where the environment has no pip of its own, the system's installs into it.
    pip = [python, "-m", "pip"] if run([python, "-m", "pip", "--version"]) else [sys.executable, "-m", "pip", "--python", python]
    options = ["--require-hashes", "-qq", "--disable-pip-version-check", "--no-input", "--requirement", str(LOCK)]
    if subprocess.call([*pip, "install", *options]) != 0:
        stop(
            "The packages of requirements.lock could not be installed: check the network and pip's settings, then run the command again.",
            "未能安装 requirements.lock 中的软件包：请检查网络和 pip 配置后重试。",
        )


def run(command: "list[str]") -> bool:
    """Run `command` silently, and tell whether it succeeded."""
    try:
        return subprocess.call(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def say(english: str, chinese: str) -> None:
    """Tell how far it is."""
    print(english + " / " + chinese, flush=True)


def stop(english: str, chinese: str) -> None:
    """End with one sentence in both languages."""
    sys.stderr.write(english + "\n" + chinese + "\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
