"""Take the pictures of the README from a demo: `make screenshots`."""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=zh-CN"]
PHONE, TABLET, DESKTOP = (360, 740), (820, 740), (1440, 900)
# Seconds.
READY = 300


def main() -> None:
    """Start a demo, unless a running one is named, and take each picture as the role whose page it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", default="8000")
    parser.add_argument("--running", type=Path, metavar="DATA_DIR", help="take them from the portal that runs on this folder and port")
    arguments = parser.parse_args()
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        sys.exit("The pictures need Chromium: install it first.\n截图需要 Chromium：请先安装。")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with demo(arguments.port, arguments.running) as passwords, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=OPTIONS, env={"LANGUAGE": "zh_CN"})
        take(browser, f"http://127.0.0.1:{arguments.port}", passwords)
        browser.close()
    for picture in sorted(FOLDER.glob("*.png")):
        print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size // 1000} kB")


def take(browser: Browser, address: str, passwords: dict[str, str]) -> None:
    """Take all pictures."""
    page = signed_in(browser, address, "demo-organiser", passwords, PHONE)
    visit(page, f"{address}/reports/today/")
    days = [link for link in links(page) if re.fullmatch(r"/reports/[0-9a-f-]{36}/\d{4}-\d\d-\d\d/", link)]
    # The first was returned, and has more to show than the blank form of today.
    visit(page, address + days[0])
    save(page, "report-phone")
    page = signed_in(browser, address, "demo-reviewer", passwords, TABLET)
    visit(page, f"{address}/reports/review/")
    save(page, "review")
    resize(page, DESKTOP)
    visit(page, f"{address}/dashboard/")
    save(page, "dashboard")
    resize(page, PHONE)
    save(page, "dashboard-phone")
    resize(page, TABLET)
    visit(page, address + next(link for link in links(page) if link.startswith("/records/?") and "metric=" in link))
    save(page, "records")


def visit(page: Page, url: str) -> None:
    """Open `url`, or end when it is not there."""
    answer = page.goto(url)
    if answer is None or not answer.ok:
        sys.exit(f"{url} answers {answer and answer.status}.\n{url} 返回 {answer and answer.status}。")


def links(page: Page) -> list[str]:
    """Return where the links of the page's main part lead."""
    found: list[str] = page.locator("main a[href]").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return found


def resize(page: Page, size: tuple[int, int]) -> None:
    """Give the window another size."""
    page.set_viewport_size({"width": size[0], "height": size[1]})


def signed_in(browser: Browser, address: str, username: str, passwords: dict[str, str], size: tuple[int, int]) -> Page:
    """Return a page of somebody who has just signed in."""
    page = browser.new_context(locale="zh-CN", viewport={"width": size[0], "height": size[1]}).new_page()
    page.set_default_timeout(90_000)
    page.goto(f"{address}/account/sign-in/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", passwords[username])
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    return page


def save(page: Page, name: str) -> None:
    """Save what is in the window."""
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{name}.png")


@contextmanager
def demo(port: str, running: Path | None) -> Iterator[dict[str, str]]:
    """Serve a new demo meanwhile, unless one is `running`; yield the passwords by user name."""
    folder = running or Path(tempfile.mkdtemp(prefix="portal-pictures-"))
    # Root's database server runs as another user, who has to pass through.
    folder.chmod(folder.stat().st_mode | 0o011)
    data_dir = running or folder / "var"
    command = [sys.executable, "-m", "portal.runtime", "--port", port, "--data-dir", str(data_dir)]
    process = None if running else subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait(f"http://127.0.0.1:{port}/healthz", process)
        rows = json.loads((data_dir / "demo-sign-ins.json").read_text(encoding="utf-8"))
        yield {row["username"]: row["password"] for row in rows}
    finally:
        if process is not None:
            process.terminate()
            process.wait(60)
            shutil.rmtree(folder, ignore_errors=True)


def wait(address: str, process: "subprocess.Popen[bytes] | None") -> None:
    """Wait until `address` answers, or end when it will not."""
    give_up = time.monotonic() + READY
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < give_up and (process is None or process.poll() is None):
        try:
            opener.open(address, timeout=5).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    sys.exit("The demo did not start.\n演示未能启动。")


if __name__ == "__main__":
    main()
