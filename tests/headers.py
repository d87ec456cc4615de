"""What every answer has to say to a browser, whatever became of the request."""

from typing import Any, Final

ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
PAGE: Final = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "img-src": "'self'",
    "manifest-src": "'self'",
    "object-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
# The documentation of the API is drawn by somebody else's script: docs/decisions/headers-and-input.md says what it needs.
DOCS: Final = {name: rule for name, rule in PAGE.items() if "trusted-types" not in name} | {"img-src": "'self' data:", "style-src": "'self' 'unsafe-inline'"}
NO_PAGE: Final = dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'") | {"sandbox": ""}


def policy_of(response: Any) -> dict[str, str]:
    """Return the Content-Security-Policy of an answer, rule by rule."""
    rules = (rule.strip().partition(" ") for rule in response.get("Content-Security-Policy", "").split(";"))
    return {name: value for name, _space, value in rules}


def wrong_with(response: Any, *, docs: bool = False, static: bool = False) -> list[str]:
    """Say what is missing or wrong in the headers of an answer."""
    wrong = [f"{name} is {response.get(name)!r}" for name, value in ALWAYS.items() if response.get(name) != value]
    page = response.get("Content-Type", "").startswith("text/html")
    if policy_of(response) != ((DOCS if docs else PAGE) if page else NO_PAGE):
        wrong.append(f"Content-Security-Policy is {response.get('Content-Security-Policy')!r}")
    if "camera=()" not in response.get("Permissions-Policy", "") or "clipboard" in response.get("Permissions-Policy", ""):
        wrong.append(f"Permissions-Policy is {response.get('Permissions-Policy')!r}")
    if ("no-store" in response.get("Cache-Control", "")) == static:
        wrong.append(f"Cache-Control is {response.get('Cache-Control')!r}")
    wrong += [
        f"the cookie {name} is not closed"
        for name, cookie in response.cookies.items()
        if cookie.value and not (cookie["httponly"] and cookie["samesite"] == "Lax")
    ]
    if any(name in response for name in ("X-Powered-By", "Access-Control-Allow-Origin")):
        wrong.append("tells what nobody asked")
    return wrong
