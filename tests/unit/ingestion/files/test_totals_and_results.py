"""Control totals add up however a file is cut; the result has one line a row and runs in no spreadsheet."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from puhui.ingestion.files import model, results
from puhui.ingestion.files.model import (
    CSV,
    JSON_LINES,
    OTHER,
    PartnerFile,
    Quantified,
    Sums,
    Totals,
    count,
    sum_up,
)
from puhui.ingestion.files.results import Outcome

NOW = datetime(2026, 12, 1, tzinfo=UTC)
STATUSES = ("credited", "pending", "duplicate", "refused", "unbound")
FILE = PartnerFile("F", "metro", "f", JSON_LINES, "0" * 64, 10, 1, NOW)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(STATUSES),
        st.none()
        | st.builds(
            Quantified,
            st.sampled_from(["bus_trip", "walking"]),
            st.dictionaries(st.sampled_from(["trips", "steps"]), st.integers(0, 10**12) | st.just("x")),
        ),
    )
)


@given(st.lists(ROWS))
def test_totals_of_chunks_are_those_of_the_whole(chunks: list[list[tuple[str, Quantified | None]]]):
    whole = count([row for chunk in chunks for row in chunk])
    assert sum_up([count(chunk) for chunk in chunks]) == whole
    assert whole.add_up
    assert whole.rows == sum(map(len, chunks))


def test_what_waits_and_what_each_behaviour_adds_up_to():
    trip, walk = Quantified("bus_trip", {"trips": 2, "kind": "a"}), Quantified("walking", {"steps": 50})
    found = count(
        [("credited", trip), ("pending", trip), ("unbound", walk), ("refused", None), ("duplicate", walk)]
    )
    assert found == Totals(
        5,
        credited=1,
        refused=1,
        duplicate=1,
        waiting=2,
        behaviours={
            "bus_trip": Sums({"credited": 1, "waiting": 1}, {"trips": 4}),
            "walking": Sums({"waiting": 1, "duplicate": 1}, {"steps": 100}),
        },
    )


def test_made_up_behaviours_do_not_fill_the_report():
    found = count([("refused", Quantified(f"b{n}", {"n": 1})) for n in range(1000)])
    assert len(found.behaviours) == model.BEHAVIOURS_MAX + 1
    assert found.behaviours[OTHER] == Sums({"refused": 900})
    assert found.add_up


def test_a_result_has_a_line_a_row():
    outcomes = [
        Outcome(1, "a", "credited", "", "A1"),
        Outcome(2, "", "refused", "ROW_EMPTY"),
        Outcome(3, 'c, "d"', "refused", "CAP_REACHED"),
    ]
    told = [json.loads(line) for line in results.written(outcomes, JSON_LINES).splitlines()]
    assert told == [
        {"row": 1, "item_no": "a", "status": "credited", "activity_id": "A1"},
        {"row": 2, "status": "refused", "code": "ROW_EMPTY"},
        {"row": 3, "item_no": 'c, "d"', "status": "refused", "code": "CAP_REACHED"},
    ]
    text = (results.header(CSV) + results.written(outcomes, CSV)).decode()
    assert list(csv.reader(io.StringIO(text))) == [
        list(results.COLUMNS),
        ["1", "a", "credited", "", "A1"],
        ["2", "", "refused", "ROW_EMPTY", ""],
        ["3", 'c, "d"', "refused", "CAP_REACHED", ""],
    ]


def test_no_cell_is_a_formula():
    for item_no in ("=HYPERLINK(1)", "+1", "-1", "@a", "|calc", "%0", "\t=1"):
        (cells,) = csv.reader([results.written([Outcome(1, item_no, "refused")], CSV).decode().rstrip()])
        assert cells[1] == f"'{item_no}"


def test_an_upload_is_looked_for_ever_more_seldom():
    seconds = [model.poll_seconds(timedelta(seconds=waited)) for waited in (0, 4, 40, 100, 3000)]
    assert seconds == [2, 2, 10, 25, 60]


def test_a_file_that_ended_without_a_result_begins_again_under_another_execution():
    later = NOW + timedelta(days=1)
    for status in (model.EXPIRED, model.STOPPED):
        ended = model.replace(FILE, status=status, code="X", ended_at=NOW)
        begun = model.again(ended, later)
        assert (begun.status, begun.run, begun.code, begun.ended_at) == (model.AWAITING, 2, "", None)
        assert begun.execution != ended.execution
        assert begun.upload_until() > later
    for status in (model.AWAITING, model.PROCESSING, model.DONE, model.REFUSED):
        same = model.replace(FILE, status=status)
        assert model.again(same, later) is same
