"""Calls of the API as another system makes them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from knox.models import AuthToken

from portal.accounts.models import User
from portal.accounts.services import note_use

ROOT = "/api/v1/"


class Caller:
    """Calls the API with a token, JSON in and out."""

    def __init__(self, user: User | None, language: str = "en") -> None:
        self.headers = {"Accept-Language": language}
        if user is not None:
            self.headers["Authorization"] = f"Token {AuthToken.objects.create(user=user)[1]}"
            # Else the first call of the day would note that there was one, with a query of its own.
            note_use(user)
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, query: dict[str, Any] | None = None) -> Any:
        """GET below the root, or a full address."""
        return self.client.get(path if "://" in path else ROOT + path, query, headers=self.headers)

    def post(self, path: str, data: Any) -> Any:
        """POST JSON."""
        return self.client.post(ROOT + path, data, content_type="application/json", headers=self.headers)

    def delete(self, path: str) -> Any:
        """DELETE."""
        return self.client.delete(ROOT + path, headers=self.headers)

    def rows(self, path: str, query: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        found, address = [], self.get(path, query)
        while True:
            assert address.status_code == 200, address.content.decode()
            page = address.json()
            found += page["results"]
            if page["next"] is None:
                return found
            address = self.get(page["next"])


@pytest.fixture(autouse=True)
def _unthrottled() -> None:
    cache.clear()


@pytest.fixture
def call() -> Callable[..., Caller]:
    """Call as a user, or as nobody."""
    return Caller
