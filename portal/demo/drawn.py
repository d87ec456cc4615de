"""Drawings for the demo where a real branch has photographs: a gate with its hut, before and after something was put right. Nobody is in them."""

import io
from typing import Final

from PIL import Image, ImageDraw

_SIZE: Final = (1200, 900)
_SKY, _GROUND, _WALL, _ROOF, _WOOD, _RED, _PAPER, _INK = "#dfe7ea", "#b9b2a4", "#e9dfcc", "#8c3b32", "#7b5a3c", "#b3261e", "#fbf8f0", "#3b3b3b"

# The lower edge of what is left of the sign.
_TORN: Final = ((1030, 300), (960, 330), (905, 300), (800, 430))


def gate(*, mended: bool) -> bytes:
    """Draw a gate: its sign torn and the register lying about, or the sign whole and the register in its place."""
    picture = Image.new("RGB", _SIZE, _SKY)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 620, 1200, 900), fill=_GROUND)
    # The hut.
    draw.rectangle((120, 300, 480, 680), fill=_WALL, outline=_INK, width=4)
    draw.polygon(((90, 300), (300, 190), (510, 300)), fill=_ROOF, outline=_INK)
    draw.rectangle((180, 370, 330, 500), fill=_SKY, outline=_INK, width=4)
    draw.rectangle((370, 400, 450, 680), fill=_WOOD, outline=_INK, width=4)
    # The bar across the road.
    draw.rectangle((560, 520, 590, 700), fill=_INK)
    for number in range(7):
        draw.rectangle((590 + 80 * number, 535, 670 + 80 * number, 565), fill=_RED if number % 2 == 0 else _PAPER, outline=_INK)
    # The sign.
    draw.polygon(((700, 220), (1060, 220), *(((1060, 430),) if mended else _TORN), (700, 430)), fill=_PAPER, outline=_RED, width=8)
    for number in range(4 if mended else 1):
        draw.rectangle((740, 255 + 42 * number, 1020 - 60 * (number % 2), 273 + 42 * number), fill=_INK)
    draw.rectangle((868, 430, 892, 620), fill=_WOOD)
    # The table with the register.
    draw.rectangle((640, 700, 900, 720), fill=_WOOD, outline=_INK, width=3)
    draw.rectangle((655, 720, 670, 840), fill=_WOOD)
    draw.rectangle((870, 720, 885, 840), fill=_WOOD)
    draw.polygon(((690, 700), (710, 672), (840, 672), (850, 700)) if mended else ((980, 800), (1010, 770), (1130, 810), (1090, 845)), fill=_PAPER, outline=_INK)
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=85)
    return made.getvalue()
