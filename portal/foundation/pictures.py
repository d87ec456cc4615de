"""What people send as files beside their words: pictures, made anew so that nothing but their pixels is kept, and PDF documents, kept as they are.

The kind is read from the first bytes; what a name or a browser says about it is not asked. The few kinds are told apart by hand: a library would know
hundreds, none of which is taken. Pillow decodes within limits that are checked on the head of a picture, before its pixels are unpacked.
"""

import io
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from portal.foundation.attachments import too_large

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
# Bytes of one file; a telephone's photograph has three to eight million.
LIMIT: Final = 10 * 1024 * 1024
# Pixels of what comes in, and of the longer side of what is kept: enough to read a notice on a wall.
MOST_PIXELS: Final = 50_000_000
LONGEST_SIDE: Final = 2000
_QUALITY: Final = 82

_BEGINNINGS: Final = {b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG, b"%PDF-": PDF}
_ENDINGS: Final = {JPEG: ".jpg", PDF: ".pdf"}
# Where the brand of a picture in the newer format of telephones stands.
_HEIC: Final = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1", b"ftypheim")
# How far from its end a PDF says that it ends: some programs add a few bytes.
_TAIL: Final = 1024


@dataclass(frozen=True)
class Clean:
    """A file as it may be kept.

    Attributes:
        name: what it was called, with the ending of what it is.
        width, height: of a picture, in pixels; 0 for a document.
    """

    content: bytes
    content_type: str
    name: str
    width: int = 0
    height: int = 0


def clean(content: bytes, name: str) -> Clean:
    """Return a file that was sent as it may be kept: a picture made anew, or a PDF.

    Raises:
        ValidationError: it is neither, is damaged, moves, or is too large.
    """
    if len(content) > LIMIT:
        raise ValidationError(too_large(LIMIT))
    kind = kind_of(content)
    if kind == PDF:
        if b"%%EOF" not in content[-_TAIL:]:
            raise ValidationError(_("The document is damaged or not whole. Save it again as PDF."))
        return Clean(content, PDF, _named(name, PDF))
    if kind not in (JPEG, PNG):
        raise ValidationError(
            _("This picture is in a format of certain telephones (HEIC). Choose “most compatible” in the camera's settings, or send it as JPEG.")
            if content[4:12] in _HEIC
            else _("Only photographs as JPEG or PNG and documents as PDF are taken here.")
        )
    made, width, height = _made_anew(content)
    return Clean(made, JPEG, _named(name, JPEG), width, height)


def kind_of(content: bytes) -> str:
    """Return the media type that the first bytes say; empty for anything that is not taken."""
    return next((kind for beginning, kind in _BEGINNINGS.items() if content.startswith(beginning)), "")


def _made_anew(content: bytes) -> tuple[bytes, int, int]:
    """Return a picture as JPEG without anything but its pixels, upright, and its size."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise ValidationError(_("The picture has more than %(millions)s million pixels."), params={"millions": MOST_PIXELS // 10**6})
            # A telephone's JPEG may hold a second, hidden exposure: the first is the picture. A PNG that moves is none.
            if picture.format == "PNG" and getattr(picture, "is_animated", False):
                raise ValidationError(_("Moving pictures are not taken here."))
            # Lets the decoder of JPEG work at an eighth, a quarter or half of the size: a fraction of time and memory.
            picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            plain = Image.new("RGB", upright.size, "white")
            rich = upright.convert("RGBA")
            plain.paste(rich, mask=rich.getchannel("A"))
    except ValidationError:
        raise
    # Decoders raise what they please about bytes that make no sense.
    except Exception as error:
        raise ValidationError(_("The picture is damaged or not whole. Take it again, or send another.")) from error
    made = io.BytesIO()
    # A new picture has no EXIF, place, profile or comment to be written.
    plain.save(made, "JPEG", quality=_QUALITY, optimize=True)
    return made.getvalue(), plain.width, plain.height


def _named(name: str, kind: str) -> str:
    return (PurePosixPath(name.replace("\\", "/")).stem or "1") + _ENDINGS[kind]
