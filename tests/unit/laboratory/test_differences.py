"""Draft against published, act by act, in constant memory."""

from hypothesis import given
from hypothesis import strategies as st

from puhui.laboratory.model import MEMBERS_LISTED, Difference, merge
from puhui.laboratory.repository import DIFFERENCE

ACTS = st.lists(
    st.tuples(st.integers(0, 10**9), st.one_of(st.integers(0, 10**9), st.sampled_from(["A", "B"]))),
    max_size=5,
)


@given(st.lists(ACTS, max_size=30), st.integers(1, 5))
def test_shards_put_together_say_the_same_as_the_whole(
    members: list[list[tuple[int, int | str]]], shards: int
):
    whole, parts = Difference(), [Difference() for _ in range(shards)]
    for number, acts in enumerate(members):
        whole.add_member(f"m{number:02}", acts)
        parts[number % shards].add_member(f"m{number:02}", acts)
    stored = [DIFFERENCE.read(DIFFERENCE.item(part)) for part in parts]
    assert merge(stored).body() == whole.body()
    assert len(whole.members) <= MEMBERS_LISTED


def test_the_members_whom_it_would_move_most_come_first():
    found = Difference()
    for number in range(50):
        found.add_member(f"m{number:02}", [(100, 100 + (number - 25) * 10)])
    shown = found.body()
    assert [member["member_id"] for member in shown["members"]][:3] == ["m00", "m49", "m01"]
    assert (shown["acts"], shown["acts_with_more"], shown["acts_with_less"]) == (50, 24, 25)
    assert shown["difference_mg"] == sum((number - 25) * 10 for number in range(50))


def test_what_the_draft_refuses_is_counted_by_its_reason():
    found = Difference()
    found.add_member(
        "m1", [(100, "QUANTITY_INVALID"), (100, 90), (100, "FACTOR_UNAVAILABLE"), (100, "QUANTITY_INVALID")]
    )
    assert found.body()["refused"] == [
        {"code": "FACTOR_UNAVAILABLE", "acts": 1},
        {"code": "QUANTITY_INVALID", "acts": 2},
    ]
    assert (found.published_mg, found.draft_mg) == (400, 90)
