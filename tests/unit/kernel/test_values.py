"""Ids, times, quantities, cursors, and values of tables."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from puhui.kernel import clock, ids
from puhui.kernel.quantities import grams_text, positive
from puhui.store.cursors import CursorInvalid, Cursors
from puhui.store.values import decode_item, encode_item

NOW = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
CURSORS = Cursors(b"k" * 32)


def test_ids_sort_by_time_and_derived_ones_are_always_the_same():
    assert ids.new_id(NOW) < ids.new_id(NOW + timedelta(milliseconds=1))
    assert ids.derived_id(NOW, "a", "bc") == ids.derived_id(NOW, "a", "bc") != ids.derived_id(NOW, "ab", "c")
    assert ids.key_id("a") != ids.key_id("b")
    assert len(ids.new_id(NOW)) == ids.LENGTH


def test_a_day_is_chinas():
    assert clock.programme_day(NOW).isoformat() == "2026-11-21"
    assert clock.to_text(NOW) == "2026-11-21T00:30:00+08:00"
    with pytest.raises(ValueError, match="offset"):
        clock.from_text("2026-11-21T00:30:00")


@pytest.mark.parametrize(
    ("mg", "text"), [(65500, "65.5"), (200000, "200"), (1, "0.001"), (0, "0"), (-47500, "-47.5")]
)
def test_grams_are_written_exactly(mg: int, text: str):
    assert grams_text(mg) == text


def test_nothing_below_one_is_positive():
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="above zero"):
            positive(wrong)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1), VALUES))
def test_what_a_table_is_given_comes_back(item: dict[str, object]):
    assert decode_item(encode_item(item)) == item


def test_a_float_has_no_place_in_a_table():
    with pytest.raises(TypeError):
        encode_item({"amount": 1.0})


@given(st.dictionaries(st.text(), st.text()))
def test_a_cursor_leads_back_to_its_place_and_to_no_other(position: dict[str, str]):
    cursor = CURSORS.write("mine", position)
    assert CURSORS.read("mine", cursor) == position
    for scope, key in (("yours", b"k" * 32), ("mine", b"x" * 32)):
        with pytest.raises(CursorInvalid):
            Cursors(key).read(scope, cursor)


@pytest.mark.parametrize("cursor", ["", "x", "!!!!", "A" * 40])
def test_a_made_up_cursor_is_refused(cursor: str):
    with pytest.raises(CursorInvalid):
        CURSORS.read("mine", cursor)
