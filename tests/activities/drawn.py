"""Pictures for tests: drawn, of nobody."""

import io
from functools import cache
from typing import Any
from uuid import uuid4

from PIL import Image

from activities.models import InspectionPoint, PointFile
from activities.services.pictures import add_file
from portal.accounts.models import User


@cache
def drawn(size: tuple[int, int] = (48, 36), kind: str = "PNG", colour: str = "firebrick") -> bytes:
    """A picture of one colour."""
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, kind)
    return made.getvalue()


def a_picture(point: InspectionPoint, by: User, **options: Any) -> PointFile:
    """A picture of a point, added by somebody."""
    given: dict[str, Any] = {"content": drawn(), "name": "gate.png", "shows": "found", "uid": uuid4()} | options
    return add_file(actor=by, point=point, **given)[0]
