"""What a browser says of itself, in the few words that its owner knows it by. A hint for people, never a reason to let anybody in."""

import re
from typing import Final

# The first that fits: most browsers name those they descend from as well.
_BROWSERS: Final = (
    ("WeChat", re.compile(r"MicroMessenger/")),
    ("DingTalk", re.compile(r"DingTalk/")),
    ("QQ", re.compile(r"QQBrowser/|\bQQ/")),
    ("UC", re.compile(r"UCBrowser/|UCWEB")),
    ("360", re.compile(r"360SE|360EE|QihooBrowser|QHBrowser")),
    ("Huawei", re.compile(r"HuaweiBrowser/")),
    ("MIUI", re.compile(r"MiuiBrowser/")),
    ("Edge", re.compile(r"\bEdgA?/|EdgiOS/")),
    ("Opera", re.compile(r"\bOPR/")),
    ("Firefox", re.compile(r"Firefox/|FxiOS/")),
    ("Chrome", re.compile(r"Chrome/|CriOS/|Chromium/")),
    ("Safari", re.compile(r"Safari/")),
)
_SYSTEMS: Final = (
    ("HarmonyOS", re.compile(r"HarmonyOS|OpenHarmony")),
    ("Android", re.compile(r"Android")),
    ("iPad", re.compile(r"iPad")),
    ("iPhone", re.compile(r"iPhone|iPod")),
    ("Windows", re.compile(r"Windows NT")),
    ("macOS", re.compile(r"Mac OS X|Macintosh")),
    ("Linux", re.compile(r"Linux|X11")),
)


def device_words(user_agent: str) -> str:
    """Return browser and system as in `Chrome · Windows`; empty when neither is known."""
    text = user_agent[:500]
    found = [next((name for name, mark in marks if mark.search(text)), "") for marks in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, found))
