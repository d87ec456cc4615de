"""Charts say what the figures say, and each mark leads to its records."""

import re
from decimal import Decimal

import pytest
from django.utils.translation import override

from portal.charts import BarPoint, MeterPart, bar_chart, meter, nice_ticks, sparkline


def week(*values: int | None) -> list[BarPoint]:
    """Return a bar a day from the first of March, the last one current."""
    return [
        BarPoint(f"3/{day}", None if value is None else Decimal(value), "" if value is None else f"{value:,}", f"/reports/{day}/", day == len(values))
        for day, value in enumerate(values, 1)
    ]


@pytest.mark.parametrize(
    ("top", "last"), [("41236", "45000"), ("45000", "45000"), ("0", "3"), ("1", "1.2"), ("0.5", "0.6"), ("9999999999", "12000000000"), ("7", "7.5")]
)
def test_the_grid_has_four_lines_and_ends_at_or_above_the_highest_bar(top: str, last: str) -> None:
    ticks = nice_ticks(Decimal(top))

    assert len(ticks) == 4
    assert ticks[0] == 0
    assert ticks[-1] == Decimal(last)


def test_each_bar_links_to_its_records_and_says_its_figure() -> None:
    html = bar_chart(week(30120, 41236), label="每日出入", unit="人次")

    assert re.findall(r'<a href="(/reports/\d/)" aria-label="([^"]+)"', html) == [("/reports/1/", "3/1: 30,120 人次"), ("/reports/2/", "3/2: 41,236 人次")]


def test_a_missing_day_is_a_gap_with_a_word_and_zero_is_a_figure() -> None:
    with override("en"):
        html = bar_chart(week(5, None, 0), label="Visits", unit="")

    assert html.count('class="gap"') == 1
    assert 'aria-label="3/2: missing"' in html
    assert 'aria-label="3/3: 0"' in html


def test_a_long_span_gives_keyboards_the_table_instead_of_ninety_stops() -> None:
    html = bar_chart([BarPoint(f"{day}", Decimal(day), str(day), f"/reports/{day}/") for day in range(92)], label="三个月", unit="人次")

    assert html.count('tabindex="-1"') == 92
    assert html.count('<th scope="row">') == 92
    assert 0 < len(re.findall(r'class="day[^"]*at-narrow', html)) <= 10


def test_a_chart_of_nothing_is_still_a_chart() -> None:
    assert "<figure" in bar_chart([], label="空", unit="")


def test_what_users_typed_is_escaped() -> None:
    html = bar_chart([BarPoint("<script>", Decimal(1), "<b>", 'x"y')], label="<i>", unit="<u>")

    assert not re.search(r"<(script|b|i|u)>", html)


def test_a_gap_interrupts_the_line_of_a_tile() -> None:
    assert sparkline([1, 2, None, 4]).count("M") == 3  # two stretches and the dot at the end
    assert "<svg" in sparkline([])


def test_a_meter_says_its_parts_and_never_overflows() -> None:
    html = meter([MeterPart(130, "ok", "已通过"), MeterPart(20, "held", "待审核")], total=100)

    assert "已通过 130" in html
    assert sum(float(width) for width in re.findall(r'width="([\d.]+)%"', html)) == pytest.approx(100, abs=0.1)
