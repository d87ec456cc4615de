"""Names that say nothing: pseudonyms of persons and accounts, and keyed hashes of rows that are gone. Both need the key of the deployment."""

from typing import Final
from uuid import UUID

from django.utils.crypto import salted_hmac

from members.models import Person
from portal.foundation.codes import ALPHABET, grouped
from portal.retention.models import HASH_BYTES

# As they stand in the data, which is Chinese.
_KINDS: Final = {Person.Kind.MEMBER: "下沉党员", Person.Kind.STAFF: "工作人员", Person.Kind.VOLUNTEER: "志愿者", Person.Kind.RESIDENT: "居民"}
# 40 bits: among half a million persons hardly two have the same.
_LENGTH: Final = 8
# No account can be given a name that begins so.
GONE_ACCOUNT: Final = "~"


def pseudonym(kind: str, public_id: UUID) -> str:
    """Return the name that stands for a person from now on, as 下沉党员 7F3K-0QMX: the same each time, and from it nobody finds the person."""
    return f"{_KINDS[Person.Kind(kind)]} {grouped(_code(public_id))}"


def account_pseudonym(public_id: UUID) -> str:
    """Return the user name that stands for an account that is gone; nobody can choose it."""
    return f"{GONE_ACCOUNT}{_code(public_id).lower()}"


def row_hash(model: str, public_id: UUID) -> bytes:
    """Return the keyed hash under which a destroyed row is remembered; `model` as in `activities.Need`."""
    return salted_hmac("portal.retention.rows", f"{model}:{public_id}", algorithm="sha256").digest()[:HASH_BYTES]


def _code(public_id: UUID) -> str:
    number = int.from_bytes(salted_hmac("portal.retention.names", str(public_id), algorithm="sha256").digest()[:8], "big")
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(_LENGTH))
