"""Attack the portal with tools of the trade: `make attack`. What they find is mended, or explained here and in docs/security.md.

Starts the demo on this machine alone, signs in as each role, and lets each tool at it for a bounded time. Ends with 1 when something unexplained was found.
"""

import argparse
import http.cookiejar
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "var" / "attack"
TOOLS: Final = FOLDER / "tools" / "bin"
REQUIREMENTS: Final = ROOT / "tools" / "attack-requirements.txt"
OUR_CODE: Final = ("activities", "branches", "members", "portal", "tools", "manage.py")
# Seconds.
READY: Final = 300

# What bandit says of our code, looked at line by line; anything else is a finding. By test, and by file where a test is right elsewhere.
EXPLAINED: Final = {
    "B101": "assert narrows a type for the type checker; no rule of the portal rests on one",
    "B105": "the name of a page or the default of a setting, not a password",
    "B108": "a folder for the socket of the embedded database, made with mode 0700, or memory for gunicorn's heartbeat",
    "B311": "random names of the invented demo",
    "B404": "subprocess starts PostgreSQL, gunicorn and the tools of this folder",
    "B603": "lists of words, no shell; none of them comes from a request",
    "B608": "names of tables and columns from our own constants are put together; every value is a parameter",
    "B308 activities/views/surveys.py": "an SVG that segno drew from a link of ours",
    "B308 members/views/check_in.py": "an SVG that segno drew from a link of ours",
    "B308 portal/accounts/views/second_factor.py": "an SVG that segno drew; it writes no text into it",
    "B308 portal/foundation/marking.py": "built from escaped pieces with format_html_join's rule; tested with markup in names",
    "B703 activities/views/surveys.py": "as B308",
    "B703 members/views/check_in.py": "as B308",
    "B703 portal/accounts/views/second_factor.py": "as B308",
    "B703 portal/foundation/marking.py": "as B308",
    "B314 portal/foundation/spreadsheets.py": "expat bounds what entities may grow to, and a part is refused beyond its size",
    "B405 portal/foundation/spreadsheets.py": "as B314",
    "B406 portal": "escape and quoteattr write XML; nothing is parsed by them",
    "B607": "programs are found in the PATH of the operator who starts them",
    # And what schemathesis says of the API.
    "ST201": "an empty filter narrows nothing, as an empty field of a form does",
    "ST202": "an identifier of nothing, or of what the reader does not see, is refused with 422; the description cannot say which there are",
    "ST401": "it sends a false token and leaves the cookie of the session, which is valid",
    "B110": "clean-up that must not hide the error that led to it",
}


@dataclass
class Target:
    """The running portal, who can sign in to it, and how long a tool may take."""

    address: str
    folder: Path
    passwords: dict[str, str]
    seconds: int
    sessions: dict[str, str] = field(default_factory=dict)

    def opener(self, account: str = "") -> urllib.request.OpenerDirector:
        """Return a browser, signed in as an account."""
        jar = http.cookiejar.CookieJar()
        browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar))
        if account:
            page = f"{self.address}/account/sign-in/"
            browser.open(page, timeout=60).read()
            token = next(cookie.value for cookie in jar if "csrf" in cookie.name)
            form = urllib.parse.urlencode({"username": account, "password": self.passwords[account], "csrfmiddlewaretoken": token})
            browser.open(urllib.request.Request(page, form.encode(), {"Referer": page}), timeout=60).read()  # noqa: S310 -- an address of ours
            self.sessions[account] = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
            if "sessionid" not in self.sessions[account]:
                sys.exit(f"{account} cannot sign in: a second factor is asked for, or the password is another.")
        return browser


@dataclass
class Found:
    """What a tool came to."""

    tool: str
    command: str
    findings: list[str]
    note: str = ""


def run(words: list[str], report: Path, seconds: int, **options: Any) -> int:
    """Run a tool behind everything else on the machine, write what it says to `report`, and end it when its time is over."""
    with report.open("w", encoding="utf-8") as out:
        try:
            return subprocess.run(["nice", "-n", "10", *words], stdout=out, stderr=subprocess.STDOUT, timeout=seconds, check=False, **options).returncode
        except subprocess.TimeoutExpired:
            out.write(f"\nended after {seconds} s\n")
            return -1


# --- Without the portal -------------------------------------------------------------------------------------------------------


def bandit(target: Target) -> Found:
    """Look through the code for what is written dangerously."""
    report = target.folder / "bandit.json"
    words = [str(TOOLS / "bandit"), "-q", "-r", *OUR_CODE, "-f", "json"]
    run(words, report, 300, cwd=ROOT)
    text = report.read_text(encoding="utf-8")
    results = json.loads(text[text.index("{") :])["results"]
    found = [each for each in results if not _explained(each["test_id"], each["filename"].removeprefix("./"))]
    findings = [f"{each['test_id']} {each['filename']}:{each['line_number']} {each['issue_text']}" for each in found]
    return Found("bandit", _shown(words), findings, f"{len(results)} lines pointed at, {len(results) - len(found)} explained")


def _explained(test: str, path: str) -> bool:
    names = (name.partition(" ") for name in EXPLAINED)
    return any(test == name and path.startswith(where) for name, _space, where in names)


def pip_audit(target: Target) -> Found:
    """Ask whether a library of ours is known to be dangerous, where somebody who knows can be reached."""
    said = []
    for service in ("pypi", "osv", "esms"):
        report = target.folder / f"pip-audit-{service}.json"
        words = [str(TOOLS / "pip-audit"), "--disable-pip", "--no-deps", "-s", service, "-r", "requirements.lock", "-f", "json", "--progress-spinner", "off"]
        run(words, report, target.seconds, cwd=ROOT)
        lines = [line for line in report.read_text(encoding="utf-8").splitlines() if line.startswith('{"dependencies"')]
        if not lines:
            said.append(f"{service} cannot be reached")
            continue
        held = json.loads(lines[0])["dependencies"]
        known = [each for each in held if "vulns" in each]
        if known:
            findings = [f"{each['name']} {each['version']}: {one['id']}" for each in known for one in each["vulns"]]
            return Found("pip-audit", _shown(words), findings, f"{len(known)} of {len(held)} libraries looked up at {service}")
        said.append(f"{service} knows none of {len(held)} libraries")
    return Found("pip-audit", _shown(words), [], "nothing was looked up: " + ", ".join(said))


# --- Against the portal ---------------------------------------------------------------------------------------------------------


def schemathesis(target: Target) -> Found:
    """Fuzz the API by its own description, with every check, as each role."""
    findings: list[str] = []
    for account in target.passwords:
        target.opener(account)
        report = target.folder / f"schemathesis-{account}.txt"
        words = [str(ROOT / ".venv" / "bin" / "schemathesis"), "run", f"{target.address}/api/v1/schema/", "--checks", "all", "--seed", "1"]
        words += [
            "--max-time",
            str(max(30, target.seconds // 3)),
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            "20",
            "--no-color",
            "--continue-on-failure",
        ]
        words += ["-H", f"Cookie:{target.sessions[account]}", "--output-sanitize", "true", "--exclude-path", "/api/v1/token/"]
        run(words, report, target.seconds + 60, cwd=target.folder, env=_alone())
        told = re.findall(r"^_+ (\w+ /\S+) _+$|^- (ST\d+ .*)$", report.read_text(encoding="utf-8"), re.M)
        operation = ""
        for named, failure in told:
            operation = named or operation
            if failure and not _explained(failure.partition(" ")[0], ""):
                findings.append(f"{account}: {operation}: {failure}")
    return Found("schemathesis", "schemathesis run /api/v1/schema/ --checks all --seed 1 as each role", sorted(set(findings)))


def wapiti(target: Target) -> Found:
    """Crawl the pages as somebody signed in, and try what a scanner tries."""
    findings: list[str] = []
    modules = "crlf,csp,csrf,exec,file,http_headers,ldap,log4shell,permanentxss,redirect,sql,ssl,ssrf,timesql,upload,xss,xxe,cookieflags,methods"
    for account in ("demo-organiser", "demo-reviewer"):
        target.opener(account)
        report, log = target.folder / f"wapiti-{account}.json", target.folder / f"wapiti-{account}.txt"
        report.unlink(missing_ok=True)
        words = [str(TOOLS / "wapiti"), "-u", f"{target.address}/", "--scope", "folder", "-m", modules, "--flush-session", "-f", "json", "-o", str(report)]
        words += ["--max-scan-time", str(target.seconds // 2), "--max-attack-time", str(max(10, target.seconds // 12)), "--no-bugreport"]
        words += ["-C", target.sessions[account], "--store-session", str(target.folder), "--store-config", str(target.folder)]
        words += ["-x", f"{target.address}/account/sign-out/", "--max-links-per-page", "30", "-v", "1"]
        run(words, log, target.seconds * 2, env=_alone())
        # Written at the end of each attack: told also when the time is over before the report is written.
        findings += [f"{account}: {line}" for line in log.read_text(encoding="utf-8").splitlines() if re.match(r"Received a HTTP 5|.*vulnerability", line)]
        held = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {"vulnerabilities": {}}
        for kind, each in held["vulnerabilities"].items():
            # Without HTTPS, as here, no cookie can be secure; with it all are.
            if kind == "Secure Flag cookie":
                continue
            findings += [f"{account}: {kind}: {one.get('method', '')} {one['path']} {one.get('parameter') or ''} {one['info'][:120]}" for one in each]
    return Found("wapiti", f"wapiti -m {modules} as an organiser and a reviewer", sorted(set(findings)))


SEARCHED: Final = (
    "/search/?q=abc",
    "/reports/?state=filed&since=2020-03-01&page=2",
    "/reports/needs/?q=abc&category=food&after=end",
    "/people/?name=abc",
    "/branches/?name=abc&kind=branch",
    "/roster/hours/?first_day=2020-03-01&last_day=2020-03-06&group=person",
    "/api/v1/branches/?name=abc&page_size=5",
    "/api/v1/measures/?from=2020-03-01&to=2020-03-06&metric=vehicles",
    "/api/v1/totals/?region=x&from=2020-03-01&to=2020-03-06&metric=vehicles",
    "/api/v1/changes/?resource=branches&cursor=bjAsMCww",
)


def sqlmap(target: Target) -> Found:
    """Try to bring statements into filters and search."""
    target.opener("demo-reviewer")
    findings, addresses = [], target.folder / "sqlmap-addresses.txt"
    addresses.write_text("".join(f"{target.address}{path}\n" for path in SEARCHED), encoding="utf-8")
    report = target.folder / "sqlmap.txt"
    words = [
        str(TOOLS / "sqlmap"),
        "-m",
        str(addresses),
        "--cookie",
        target.sessions["demo-reviewer"],
        "--batch",
        "--level",
        "2",
        "--risk",
        "2",
        "--dbms",
        "PostgreSQL",
    ]
    words += [
        "--technique",
        "BEUS",
        "--flush-session",
        "--output-dir",
        str(target.folder / "sqlmap"),
        "--threads",
        "2",
        "--disable-coloring",
        "--ignore-code",
        "422,404",
    ]
    code = run(words, report, target.seconds * 2, env=_alone(), stdin=subprocess.DEVNULL)
    text = report.read_text(encoding="utf-8")
    findings += [line for line in text.splitlines() if "identified the following injection" in line]
    tested = len(set(re.findall(r"testing if (?:GET|URI) parameter '([^']+)'", text)))
    return Found(
        "sqlmap",
        "sqlmap -m … --level 2 --risk 2 --technique BEUS",
        findings,
        f"{tested} names of parameters tried{', until its time was over' if code == -1 else ''}",
    )


def timing(target: Target) -> Found:
    """Hold a stopwatch to what lies outside a scope and to what does not exist; the tests compare statements, this compares milliseconds."""
    reviewer, official = target.opener("demo-reviewer"), target.opener("demo-official")
    seen = json.load(official.open(f"{target.address}/api/v1/branches/?page_size=200", timeout=60))["results"]
    mine = {each["public_id"] for each in json.load(reviewer.open(f"{target.address}/api/v1/branches/?page_size=200", timeout=60))["results"]}
    outside = [each["public_id"] for each in seen if each["public_id"] not in mine]
    if not outside:
        return Found("timing", "timing", ["nothing lies outside the reviewer's scope"])
    notes, findings = [], []
    for path in ("/api/v1/branches/{}/", "/branches/{}/", "/dashboard/branch/{}/", "/reports/needs/?branch={}"):
        took: dict[bool, list[float]] = {True: [], False: []}
        for number in range(60):
            real = bool(number % 2)
            one = outside[number % len(outside)] if real else f"{outside[0][:24]}{uuid.uuid4().hex[:12]}"
            took[real].append(_milliseconds(reviewer, target.address + path.format(one)))
        medians = {real: statistics.median(each) for real, each in took.items()}
        spread = statistics.median(abs(each - medians[False]) for each in took[False])
        notes.append(f"{path} {medians[True]:.1f} ms outside, {medians[False]:.1f} ms nobody's, spread {spread:.1f}")
        if abs(medians[True] - medians[False]) > max(3 * spread, 3):
            findings.append(notes[-1])
    return Found("timing", "60 requests each, in turn", findings, "; ".join(notes))


def _milliseconds(browser: urllib.request.OpenerDirector, address: str) -> float:
    begun = time.perf_counter()
    try:
        browser.open(address, timeout=60).read()
    except urllib.error.HTTPError as error:
        error.read()
    return (time.perf_counter() - begun) * 1000


def leaks(target: Target) -> Found:
    """Let everybody over every kind of scope ask for everything that lies outside; in the test suite the roles take turns."""
    report = target.folder / "leaks.txt"
    words = [
        str(ROOT / ".venv" / "bin" / "pytest"),
        "-q",
        "-o",
        "leaks=all",
        "--tb=short",
        *sorted(map(str, (ROOT / "tests" / "security").glob("test_scope_leaks*.py"))),
    ]
    code = run(words, report, max(target.seconds * 10, 1800), cwd=ROOT)
    last = report.read_text(encoding="utf-8").strip().splitlines()[-1:]
    return Found("leaks", "pytest -o leaks=all tests/security/test_scope_leaks*.py", [] if code == 0 else last, " ".join(last))


TOOLS_BY_NAME: Final[dict[str, Callable[[Target], Found]]] = {
    each.__name__.replace("_", "-"): each for each in (bandit, pip_audit, timing, sqlmap, wapiti, schemathesis, leaks)
}

# --- Setting up -------------------------------------------------------------------------------------------------------------


def _alone() -> dict[str, str]:
    """Return an environment in which a tool talks to this machine alone and keeps its files here."""
    return {**{name: value for name, value in os.environ.items() if "proxy" not in name.lower()}, "NO_PROXY": "*", "HOME": str(FOLDER)}


def _shown(words: list[str]) -> str:
    return " ".join(word.replace(str(ROOT) + "/", "") for word in words)


def install() -> None:
    """Make the environment of the tools, once for each list of them."""
    stamp = FOLDER / "tools" / "installed-from"
    if stamp.is_file() and stamp.read_text() == REQUIREMENTS.read_text():
        return
    shutil.rmtree(FOLDER / "tools", ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(FOLDER / "tools")], check=True)
    subprocess.run([str(TOOLS / "pip"), "install", "--quiet", "-r", str(REQUIREMENTS)], check=True)
    stamp.write_text(REQUIREMENTS.read_text())


@contextmanager
def portal(port: int, running: Path | None) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the address and the passwords of a demo on this machine; one that runs on `running` already stays up."""
    folder, process = running or FOLDER / "portal", None
    if running is None:
        words = [sys.executable, "-m", "portal.runtime", "--port", str(port), "--data-dir", str(folder)]
        with (FOLDER / "portal.txt").open("w") as out:
            process = subprocess.Popen(words, cwd=ROOT, env={**_alone(), "DATA_DIR": str(folder), "API_RATE": "1000000"}, stdout=out, stderr=out)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/healthz")
        held = json.loads((folder / "demo-sign-ins.json").read_text())
        yield address, {each["username"]: each["password"] for each in held}
    finally:
        if process is not None:
            process.terminate()
            process.wait(60)


def _wait_for(address: str) -> None:
    browser, until = urllib.request.build_opener(urllib.request.ProxyHandler({})), time.monotonic() + READY
    while time.monotonic() < until:
        try:
            browser.open(address, timeout=5).read()
            return
        except OSError:
            time.sleep(0.5)
    sys.exit("The portal did not start; see var/attack/portal.txt.\n系统未能启动，见 var/attack/portal.txt。")


def main() -> None:
    """Let each tool at the portal, print what it found, and end with 1 when something was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools", nargs="*", choices=[[], *TOOLS_BY_NAME], help="which ones; all without")
    parser.add_argument("--minutes", type=int, default=3, help="how long each may take, about")
    parser.add_argument("--port", type=int, default=8799)
    parser.add_argument("--running", type=Path, metavar="DATA_DIR", help="attack the demo that runs on this folder and port")
    arguments = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    install()
    results = []
    with portal(arguments.port, arguments.running) as (address, passwords):
        target = Target(address, FOLDER, passwords, arguments.minutes * 60)
        for name in arguments.tools or TOOLS_BY_NAME:
            begun = time.monotonic()
            found = TOOLS_BY_NAME[name](target)
            results.append(found)
            print(f"{found.tool}: {len(found.findings)} findings in {time.monotonic() - begun:.0f} s. {found.note}\n  {found.command}", flush=True)
            for finding in found.findings[:200]:
                print(f"  - {finding}", flush=True)
    sys.exit(1 if any(each.findings for each in results) else 0)


if __name__ == "__main__":
    main()
