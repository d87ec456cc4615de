"""What an attacker needs: a browser, a program, a filing to be made unsound, characters that a database cannot hold."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django.test import Client
from knox.models import AuthToken

from branches.models import Branch
from portal.accounts.models import User

NUL = "a\0b"
SECRET = "居民张某的门牌"


def browser(user: User | None = None) -> Client:
    """A browser that answers 500 as a server would, signed in as `user`."""
    client = Client(raise_request_exception=False, headers={"accept-language": "en"})
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def machine(user: User) -> Callable[..., Any]:
    """A function that calls the API for `user`: method, path, options."""
    cache.clear()
    client = Client(raise_request_exception=False, headers={"authorization": f"Token {AuthToken.objects.create(user=user)[1]}", "accept-language": "en"})

    def call(method: str, path: str, data: Any = None, **options: Any) -> Any:
        if method == "post":
            options.setdefault("content_type", "application/json")
        return getattr(client, method)(f"/api/v1/{path}", data, **options)

    return call


def filing(branch: Branch, **more: Any) -> dict[str, Any]:
    """A sound filing, to be made unsound."""
    return {"uid": str(uuid4()), "branch": str(branch.public_id), "business_date": "2020-03-06", "figures": [{"metric": "vehicles", "value": "5"}], **more}
