"""A telephone with an authenticator app, for tests: computes codes as RFC 6238 says, from the secret that the page shows."""

import hmac
import re
import struct
from base64 import b32decode
from hashlib import sha1

from django.test import Client

from portal.accounts import factors
from portal.accounts.models import User
from portal.foundation import clock

ENROL = "/account/security/second-factor/"


class Telephone:
    """Holds one secret."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def code(self, ahead: int = 0) -> str:
        """The six digits of now, or of `ahead` steps of 30 seconds later."""
        step = int(clock.now().timestamp()) // 30 + ahead
        digest = hmac.new(b32decode(self.secret), struct.pack(">Q", step), sha1).digest()
        start = digest[-1] & 15
        return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


def secret_on(page: str) -> str:
    """Return the secret that a page shows to be typed."""
    found = re.search(r'<p class="key num".*?>(.*?)</p>', page, re.DOTALL)
    assert found
    return "".join(re.findall(r"<span>(\w{4})</span>", found[1]))


def enrolled(user: User) -> tuple[Telephone, list[str]]:
    """Give a user a second factor; return the telephone and the recovery codes. The code of this step is used up by it."""
    telephone = Telephone(factors.new_secret())
    return telephone, factors.enrol(user=user, secret=telephone.secret, typed=telephone.code())


def enrol_by_hand(client: Client) -> Telephone:
    """Set the second factor up on its page."""
    telephone = Telephone(secret_on(client.get(ENROL).content.decode()))
    assert client.post(ENROL, {"code": telephone.code()}).status_code == 200
    return telephone
