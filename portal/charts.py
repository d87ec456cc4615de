"""Charts as inline SVG, drawn on the server: they print, need no script and hold under a strict Content-Security-Policy.

Widths are per cents of the drawing and heights are pixels, so that text keeps its size from a phone to A4. Which texts have room at
which width is worked out here for three widths; `charts.css` shows the set that fits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Final

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

PLOT_TOP: Final = 34
PLOT_HEIGHT: Final = 160
LABEL_HEIGHT: Final = 28
BASELINE: Final = PLOT_TOP + PLOT_HEIGHT
GAP_HEIGHT: Final = 30
# A text may stand out over the plot by less than the padding of a card on a phone.
OVERHANG: Final = 16
# The least width in pixels that the plot has within each band of charts.css.
BANDS: Final[dict[str, int]] = {"at-narrow": 220, "at-middle": 440, "at-wide": 760}
# Up to so many bars each is a target of 24 px on the narrowest phone (WCAG 2.2, 2.5.8); beyond, keyboards and readers use the table.
MOST_TARGETS: Final = 9
NICE_STEPS: Final = tuple(Decimal(step) for step in ("1", "1.5", "2", "2.5", "3", "4", "5", "6", "8", "10"))
# How each language shortens large numbers on an axis.
SCALES: Final[dict[str, tuple[tuple[int, str], ...]]] = {
    "zh": ((10**8, "亿"), (10**4, "万")),
    "en": ((10**9, "B"), (10**6, "M"), (10**3, "K")),
}
SHORTEN_FROM: Final = 100_000


@dataclass(frozen=True, slots=True)
class BarPoint:
    """A bar: `text` is the figure as printed, `brief` the same for the room over the bar, where it is longer.

    `value` None draws a gap; `state` is a word for what is unusual (未报, 不全).
    """

    label: str
    value: Decimal | None
    text: str
    href: str = ""
    current: bool = False
    state: str = ""
    brief: str = ""

    @property
    def above(self) -> str:
        """What stands over the bar."""
        return self.brief or self.text


@dataclass(frozen=True, slots=True)
class MeterPart:
    """A stretch of a meter; `tone` is `ok`, `held`, `warn` or `accent`."""

    value: int
    tone: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text beside a bar; its class says at which widths it has room."""

    text: str
    css: str
    x: str
    y: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid with its number."""

    text: str
    y: str
    text_y: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar as drawn: x and width in per cent, y and height in pixels."""

    label: str
    words: str
    name: str
    href: str
    css: str
    gap: bool
    slot_x: str
    x: str
    width: str
    y: str
    height: str
    texts: list[Text]


@dataclass(frozen=True, slots=True)
class BarLayout:
    """Everything that the template of a bar chart draws."""

    bars: list[Bar]
    ticks: list[Tick]
    axis_width: int
    slot: str
    radius: int
    dense: bool
    height: int = BASELINE + LABEL_HEIGHT


def bar_chart(points: Sequence[BarPoint], *, label: str, unit: str) -> SafeString:
    """Draw a bar a day, each a link to its records, with the same figures as a table below."""
    return render_to_string("_charts/bar_chart.html", {"chart": _layout(points, unit), "label": label, "unit": unit})


def sparkline(values: Sequence[Decimal | int | None]) -> SafeString:
    """Draw the course of a figure from zero up; a missing day interrupts the line. Decorative: the tile says the figure in words."""
    top = max((Decimal(value) for value in values if value is not None), default=Decimal(0)) or Decimal(1)
    step = Decimal(256) / max(len(values) - 1, 1)
    path: list[str] = []
    end = ""
    joined = False
    for index, value in enumerate(values):
        if value is not None:
            place = f"{_short(2 + index * step)} {_short(33 - Decimal(value) / top * 29)}"
            # A day alone between two gaps is a dot: a line of no length with round ends.
            path.append(f"L{place}" if joined else f"M{place}h.01")
            end = f"M{place}h.01"
        joined = value is not None
    return render_to_string("_charts/sparkline.svg", {"path": "".join(path), "end": end})


def meter(parts: Sequence[MeterPart], *, total: int | None = None, label: str = "", mini: bool = False) -> SafeString:
    """Draw how much of `total` (the sum of the parts by default) each part is."""
    whole = max(total or 0, sum(part.value for part in parts), 1)
    rects = []
    x = Decimal(0)
    for part in parts:
        width = Decimal(part.value) * 100 / whole
        if width:
            rects.append({"x": _short(x), "width": _short(width), "tone": part.tone})
        x += width
    name = label or _(", ").join(f"{part.label} {part.value}" for part in parts if part.label)
    return render_to_string("_charts/meter.svg", {"rects": rects, "name": name, "mini": mini})


def nice_ticks(top: Decimal) -> list[Decimal]:
    """Return zero and three round numbers, the last at or above `top`."""
    if top <= 0:
        return [Decimal(tick) for tick in range(4)]
    rough = top / 3
    magnitude = Decimal(10) ** rough.adjusted()
    step = next(nice * magnitude for nice in NICE_STEPS if nice * magnitude >= rough)
    return [step * tick for tick in range(4)]


def _layout(points: Sequence[BarPoint], unit: str) -> BarLayout:
    ticks = nice_ticks(max((point.value for point in points if point.value is not None), default=Decimal(0)))
    drawn = [Tick(_axis_text(tick), _short(_y(tick, ticks[-1])), _short(_y(tick, ticks[-1]) + 5)) for tick in ticks]
    slot = Decimal(100) / max(len(points), 1)
    return BarLayout(
        bars=_bars(points, slot, ticks[-1], unit),
        ticks=drawn,
        axis_width=max([_text_width(tick.text) for tick in drawn] + [_text_width(unit)]),
        slot=_short(slot),
        radius=4 if len(points) <= 31 else 1,
        dense=len(points) > MOST_TARGETS,
    )


def _bars(points: Sequence[BarPoint], slot: Decimal, top: Decimal, unit: str) -> list[Bar]:
    days = _room([point.label for point in points])
    figures = _room([point.above for point in points])
    marked = [index for index, point in enumerate(points) if point.current]
    width = min(slot * Decimal("0.64"), Decimal(12))
    bars = []
    for index, point in enumerate(points):
        y = _y(point.value, top) if point.value is not None else Decimal(BASELINE - GAP_HEIGHT)
        # Zero keeps a mark of two pixels: it is a figure, not a gap.
        y = min(y, Decimal(BASELINE - 2))
        words = point.state or _("missing") if point.value is None else point.text + (f" · {point.state}" if point.state else "")
        measured = point.value is not None
        bars.append(
            Bar(
                label=point.label,
                words=words,
                name=f"{point.label}: {words} {unit if measured else ''}".strip(),
                href=point.href,
                css=" ".join(css for css, holds in (("now", point.current), ("flagged", bool(point.state))) if holds),
                gap=not measured,
                slot_x=_short(slot * index),
                x=_short(slot * index + (slot - width) / 2),
                width=_short(width),
                y=_short(y),
                height=_short(BASELINE - y),
                texts=_texts(index, len(points), point, y, words, days, figures, marked),
            )
        )
    return bars


def _texts(index: int, count: int, point: BarPoint, y: Decimal, words: str, days: dict[str, int], figures: dict[str, int], marked: list[int]) -> list[Text]:
    """Return the day below the bar and the figure above it, where there is room."""
    # Counted from the last day backwards: that one is always named.
    below = [band for band, every in days.items() if (count - 1 - index) % every == 0]
    if point.value is None:
        above = [band for band, pixels in BANDS.items() if pixels / count >= _text_width(words)]
    else:
        above = [band for band, every in figures.items() if every == 1 or index in marked]
    texts = _placed(point.label, "day", below, str(BASELINE + 20), index, count)
    if point.value is None:
        return texts + _placed(words, "gap-word", above, _short(y - 8), index, count)
    return texts + _placed(point.above, "value", above, _short(y - 8), index, count)


def _placed(text: str, css: str, bands: list[str], y: str, index: int, count: int) -> list[Text]:
    """Return `text` over the middle of its bar, or leaning inwards in the bands where it would leave the card."""
    leaning: dict[tuple[Decimal, str], list[str]] = {}
    for band in bands:
        pixels = BANDS[band]
        middle = Decimal(pixels) * (2 * index + 1) / (2 * count)
        half = Decimal(_text_width(text)) / 2
        place = (Decimal(2 * index + 1) / 2, "middle")
        if middle + half > pixels + OVERHANG:
            place = (Decimal(index + 1), "end")
        elif middle - half < -OVERHANG:
            place = (Decimal(index), "start")
        leaning.setdefault(place, []).append(band)
    return [Text(text, " ".join([css, *held]), _short(slots * 100 / count), y, anchor) for (slots, anchor), held in leaning.items()]


def _room(texts: Sequence[str]) -> dict[str, int]:
    """Return for each width that only every n-th of `texts` fits."""
    widest = max((_text_width(text) for text in texts), default=0) + 6
    return {band: max(ceil(widest * len(texts) / pixels), 1) for band, pixels in BANDS.items()}


def _text_width(text: str) -> int:
    """Estimate the width in pixels of `text` at 14 px."""
    return sum(14 if ord(letter) > 0x2E80 else 8 for letter in text)


def _axis_text(value: Decimal) -> str:
    language = (get_language() or "zh")[:2]
    for size, suffix in SCALES.get(language, SCALES["en"]):
        if value >= SHORTEN_FROM and value >= size:
            return f"{(value / size).normalize():,f}{suffix}"
    return f"{value.normalize():,f}"


def _y(value: Decimal, top: Decimal) -> Decimal:
    return Decimal(BASELINE) - value / top * PLOT_HEIGHT


def _short(number: Decimal) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
