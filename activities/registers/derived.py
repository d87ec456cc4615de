"""A figure as a register proposes it."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Derived:
    """What a register says of a figure.

    Attributes:
        value: in the metric's own unit, exact.
        revision: the number of the newest record or event that was counted; 0 where there is none.
        href: where exactly the records that were counted are listed.
    """

    value: Decimal
    revision: int
    href: str
