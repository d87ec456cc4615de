"""Pictures that people send are made anew, documents are kept as they are, anything else is refused; whatever its name says."""

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from portal.foundation import attachments, pictures
from portal.foundation.pictures import clean
from tests.activities.drawn import drawn

DOCUMENT = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SECRET = b"SECRET-PLACE"


def opened(content: bytes) -> Image.Image:
    """A kept picture."""
    return Image.open(io.BytesIO(content), formats=("JPEG",))


def told(kind: str = "JPEG") -> bytes:
    """A picture with a place, a maker, a profile and a comment in it, taken with the telephone on its side."""
    picture = Image.new("RGB", (40, 20), "white")
    picture.paste("red", (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x010F] = SECRET.decode()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (30.5, 36.0, 0.0)
    made = io.BytesIO()
    if kind == "PNG":
        words = PngImagePlugin.PngInfo()
        words.add_text("Comment", SECRET.decode())
        picture.save(made, "PNG", exif=exif, icc_profile=SECRET * 20, pnginfo=words)
    else:
        picture.save(made, "JPEG", exif=exif, icc_profile=SECRET * 20, comment=SECRET)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_nothing_but_the_pixels_of_a_picture_is_kept_and_it_stands_upright(kind: str) -> None:
    sent = told(kind)
    assert SECRET in sent or kind == "PNG"

    kept = clean(sent, "IMG_1234.HEIC")
    picture = opened(kept.content)

    assert SECRET not in kept.content
    assert not picture.getexif()
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert (kept.content_type, kept.name) == ("image/jpeg", "IMG_1234.jpg")
    # Turned by a quarter: what was on the left is on top.
    assert (kept.width, kept.height) == picture.size == (20, 40)
    above, below = picture.getpixel((10, 5)), picture.getpixel((10, 35))
    assert isinstance(above, tuple)
    assert isinstance(below, tuple)
    assert above[1] < 80 < 200 < below[1]


def test_what_hides_behind_a_picture_is_gone() -> None:
    for behind in (b"<script>alert(1)</script>", b"PK\x03\x04" + SECRET, b"<?php system($_GET[0]);"):
        assert behind not in clean(drawn(kind="JPEG") + behind, "a.jpg").content


def test_a_large_picture_is_made_smaller_and_what_is_seen_through_is_white() -> None:
    kept = clean(drawn((6000, 3000), "JPEG"), "a.jpg")
    assert (kept.width, kept.height) == (2000, 1000)
    made = io.BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(made, "PNG")
    assert opened(clean(made.getvalue(), "a.png").content).getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_a_picture_of_any_make_is_read(mode: str) -> None:
    made = io.BytesIO()
    Image.new(mode, (8, 6)).save(made, "JPEG" if mode == "CMYK" else "PNG")
    assert opened(clean(made.getvalue(), "a").content).mode == "RGB"


# --- What is refused ----------------------------------------------------------------------------------------------------


def chunk(kind: bytes, body: bytes) -> bytes:
    """A part of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, pixels: bytes = b"", more: bytes = b"") -> bytes:
    """A PNG that says that it is so large, with so many packed pixels in it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + more + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def moving(kind: str) -> bytes:
    """Two pictures in one."""
    made = io.BytesIO()
    first, second = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    first.save(made, kind, save_all=True, append_images=[second])
    return made.getvalue()


REFUSED: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "a page": lambda: b"<!doctype html><script>alert(1)</script>",
    "a drawing with a script": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "a program": lambda: b"MZ\x90\x00" + b"\0" * 100,
    "a workbook": lambda: b"PK\x03\x04" + b"\0" * 100,
    "a GIF": lambda: moving("GIF"),
    "a moving PNG": lambda: moving("PNG"),
    "a WebP": lambda: drawn(kind="WEBP"),
    "a TIFF": lambda: drawn(kind="TIFF"),
    "a HEIC": lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "a page behind the beginning of a picture": lambda: b"\xff\xd8\xff<script>alert(1)</script>",
    "a PNG of a billion pixels": lambda: png(32_000, 32_000),
    "a PNG of 51 million pixels": lambda: png(10_200, 5_000),
    "a PNG of no width": lambda: png(0, 10),
    "a PNG without its pixels": lambda: png(100, 100, b"\0" * 10),
    "a PNG whose comment unpacks to megabytes": lambda: png(4, 4, b"\0" * 52, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 200_000_000, 1))),
    "half a JPEG": lambda: drawn((400, 300), "JPEG")[:700],
    "half a document": lambda: DOCUMENT[:30],
    "a document behind something else": lambda: b"GIF89a" + DOCUMENT,
    "too many bytes": lambda: drawn(kind="JPEG") + b"\0" * pictures.LIMIT,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_picture_and_no_document_is_refused_in_words_whatever_it_is_called(name: str) -> None:
    for called in ("a.jpg", "a.pdf"):
        with pytest.raises(ValidationError) as refusal:
            clean(REFUSED[name](), called)
        assert len(refusal.value.messages[0]) > 5


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_to_a_picture_breaks_anything(data: st.DataObject) -> None:
    content = bytearray(told(data.draw(st.sampled_from(["JPEG", "PNG"]))))
    for _time in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        kept = clean(bytes(content), "a.jpg")
    except ValidationError:
        return
    assert opened(kept.content).size == (kept.width, kept.height) if kept.width else kept.content_type == pictures.PDF


def test_a_document_is_kept_as_it_is_under_the_ending_of_what_it_is() -> None:
    kept = clean(DOCUMENT, "整改通知.exe")
    assert (kept.content, kept.content_type, kept.name, kept.width) == (DOCUMENT, "application/pdf", "整改通知.pdf", 0)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.jpg", "a.jpg"),
        ("a\r\nSet-Cookie: b=c.jpg", "aSet-Cookie: b=c.jpg"),
        ("\u202egpj.exe", "gpj.exe"),
        ("zero\u200bwidth\ufeff.jpg", "zerowidth.jpg"),
        ("整改 “一”.jpg", "整改 “一”.jpg"),
        ("x" * 500, "x" * 200),
    ],
)
def test_a_name_keeps_nothing_that_leads_elsewhere_or_that_nobody_sees(written: str, kept: str) -> None:
    assert attachments.plain_name(written) == kept
