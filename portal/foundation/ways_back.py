"""Where a reader may be led back to: what a form or an address asks for is a stranger's word."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def is_ours(request: HttpRequest, address: str) -> bool:
    """Say whether `address` is a path of this site from its root: a word alone would be looked up as the name of a page, and is none."""
    return address.startswith("/") and url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
