"""The fields of a form, and how two people's changes come together: pure functions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.form_state import (
    Cell,
    Fields,
    blank_among,
    cell_of,
    cells_in,
    merge,
    same,
    typed_fields,
    with_cell,
    with_zeros,
    without_zeros,
)

CELLS = st.builds(Cell, st.sampled_from(["", "0", "1", "１", "200", "2OO"]), st.sampled_from(["exact", "about"]), st.sampled_from(["", "t"]))
FORMS = st.dictionaries(st.sampled_from(["vehicles", "turned_back", "errands"]), CELLS).map(lambda cells: form(**cells))


def form(**cells: Cell | str) -> Fields:
    fields: Fields = {}
    for name, cell in cells.items():
        fields = with_cell(fields, name, cell if isinstance(cell, Cell) else Cell(cell))
    return fields


def test_only_fields_of_a_report_are_taken_and_each_is_cut_to_a_sane_length() -> None:
    posted = {"v_vehicles": "1" * 100, "q_vehicles": "about", "csrfmiddlewaretoken": "x", "action": "file", "note": "a\r\nb", "v_" + "x" * 99: "1"}
    assert typed_fields(posted) == {"v_vehicles": "1" * 60, "q_vehicles": "about", "note": "a\nb"}
    assert len(typed_fields({f"v_{number}": "1" for number in range(5000)})) == 600


def test_a_number_written_otherwise_says_the_same() -> None:
    assert same(form(vehicles="１,２００"), form(vehicles="1200.0"))
    assert not same(form(vehicles="1200"), form(vehicles=Cell("1200", "about")))
    assert same(form(vehicles=Cell("", "about", "t")), {})


def test_what_one_side_alone_changed_is_merged_and_what_both_changed_is_asked() -> None:
    base = form(vehicles="200", turned_back="23", errands="5")
    mine = form(vehicles="210", turned_back="23", errands="6", note="夜班")
    theirs = form(vehicles="220", turned_back="25", errands="5")
    merged = merge(base, mine, theirs)
    assert merged.asked == ["vehicles"]
    assert merged.taken == ["turned_back"]
    assert same(merged.fields, form(vehicles="210", turned_back="25", errands="6", note="夜班"))


def test_value_qualifier_and_unit_are_one_thing() -> None:
    merged = merge(form(goods=Cell("1")), form(goods=Cell("1", "about")), form(goods=Cell("1", "exact", "t")))
    assert merged.asked == ["goods"]
    assert cell_of(merged.fields, "goods") == Cell("1", "about")


def test_a_figure_that_the_other_side_took_out_is_taken_out() -> None:
    merged = merge(form(vehicles="200"), form(vehicles="200"), form())
    assert (merged.taken, cell_of(merged.fields, "vehicles").is_blank) == (["vehicles"], True)


@settings(max_examples=200, deadline=None)
@given(FORMS, FORMS, FORMS)
def test_a_merge_loses_nothing_and_asks_the_same_from_both_sides(base: Fields, mine: Fields, theirs: Fields) -> None:
    merged, mirrored = merge(base, mine, theirs), merge(base, theirs, mine)
    assert set(merged.asked) == set(mirrored.asked)
    for name in cells_in(base, mine, theirs):
        started, own, other, result = (cell_of(fields, name).meaning for fields in (base, mine, theirs, merged.fields))
        assert result in (own, other)
        if name not in merged.asked:
            assert result == (other if own == started else own)
    assert same(merge(base, mine, base).fields, mine)
    assert same(merge(base, base, theirs).fields, theirs)


@pytest.mark.parametrize("typed", ["", "  ", "\u3000"])
def test_zeros_go_only_into_blank_fields_and_only_zeros_come_out_again(typed: str) -> None:
    fields = form(vehicles=typed, turned_back="23")
    blank = blank_among(fields, ["vehicles", "turned_back"])
    assert blank == ["vehicles"]
    filled = with_zeros(fields, blank)
    assert (filled["v_vehicles"], filled["v_turned_back"]) == ("0", "23")
    changed = {**filled, "v_vehicles": "5"}
    assert without_zeros(changed, blank) == changed
    assert without_zeros(filled, blank)["v_vehicles"] == ""
