"""The life cycle of a version, as a table of steps: what follows from what, and who may do it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puhui.kernel.errors import DomainError
from puhui.methodologies import lifecycle
from puhui.methodologies.lifecycle import Officer, Version

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
CITY = Officer("city", frozenset({"member", "authority_city"}))
COLLEAGUE = Officer("colleague", frozenset({"member", "authority_city"}))
PROVINCE = Officer("province", frozenset({"member", "authority_province"}))
BOTH = Officer("both", frozenset({"authority_city", "authority_province"}))
OPERATOR = Officer("operator", frozenset({"operator"}))
NAME = {"zh-CN": "乘坐地铁", "en": "Subway trip"}
A, B = "a" * 64, "b" * 64


def proposed(by: Officer = CITY, hash_: str = A, place: str = "CN-GD") -> Version:
    return Version("subway-trip", "3", NAME, hash_, place, by.id)


def draft(by: Officer = CITY, place: str = "CN-GD") -> Version:
    return lifecycle.file(None, proposed(by, place=place), by, NOW)


def approved(by: Officer = CITY, reviewer: Officer = COLLEAGUE, place: str = "CN-GD") -> Version:
    return lifecycle.review(draft(by, place), reviewer, "approve", A, "", NOW)


def published(place: str = "CN-GD") -> Version:
    return lifecycle.publish(approved(place=place), PROVINCE, A, "", NOW, None)


STAGES: dict[str, Callable[[], Version]] = {
    "draft": draft,
    "approved": approved,
    "refused": lambda: lifecycle.review(draft(), COLLEAGUE, "refuse", A, "no source", NOW),
    "published": published,
    "superseded": lambda: lifecycle.supersede(published(), replace(published(), version="4")),
    "withdrawn": lambda: lifecycle.withdraw(published(), PROVINCE, "wrong factor", NOW),
}
THIRD = Officer("third", frozenset({"authority_city"}))
FOURTH = Officer("fourth", frozenset({"authority_province"}))
STEPS: dict[str, Callable[[Version], Version]] = {
    "file": lambda version: lifecycle.file(version, proposed(hash_=B), CITY, NOW),
    "approve": lambda version: lifecycle.review(version, THIRD, "approve", A, "", NOW),
    "refuse": lambda version: lifecycle.review(version, THIRD, "refuse", A, "no", NOW),
    "publish": lambda version: lifecycle.publish(version, FOURTH, A, "", NOW, None),
    "withdraw": lambda version: lifecycle.withdraw(version, FOURTH, "wrong", NOW),
}
FIXED, OUT = "VERSION_FIXED", "STEP_OUT_OF_TURN"
TABLE = {
    "draft": {"file": "draft", "approve": "approved", "refuse": "refused", "publish": OUT, "withdraw": OUT},
    "approved": {
        "file": FIXED,
        "approve": "approved",
        "refuse": "refused",
        "publish": "published",
        "withdraw": OUT,
    },
    "refused": {"file": "draft", "approve": OUT, "refuse": OUT, "publish": OUT, "withdraw": OUT},
    "published": {"file": FIXED, "approve": OUT, "refuse": OUT, "publish": OUT, "withdraw": "withdrawn"},
    "superseded": {"file": FIXED, "approve": OUT, "refuse": OUT, "publish": OUT, "withdraw": "withdrawn"},
    "withdrawn": {"file": FIXED, "approve": OUT, "refuse": OUT, "publish": OUT, "withdraw": OUT},
}


def code(step: Callable[..., Any], *given: Any) -> str:
    with pytest.raises(DomainError) as raised:
        step(*given)
    return raised.value.code


@pytest.mark.parametrize(
    ("stage", "step", "expected"),
    [(stage, step, expected) for stage, row in TABLE.items() for step, expected in row.items()],
)
def test_each_step_from_each_state(stage: str, step: str, expected: str) -> None:
    version = STAGES[stage]()
    assert version.status == stage
    if expected.isupper():
        assert code(lambda: STEPS[step](version)) == expected
        return
    after = STEPS[step](version)
    assert after.status == expected
    assert after.history[:-1] == version.history
    last = after.history[-1]
    assert (last.at, last.hash, bool(last.by)) == (NOW, after.hash, True)


def test_the_author_neither_reviews_nor_publishes_whatever_the_roles() -> None:
    mine = draft(BOTH)
    assert code(lambda: lifecycle.review(mine, BOTH, "approve", A, "", NOW)) == "AUTHOR_MAY_NOT_REVIEW"
    passed = lifecycle.review(mine, COLLEAGUE, "approve", A, "", NOW)
    assert code(lambda: lifecycle.publish(passed, BOTH, A, "", NOW, None)) == "AUTHOR_MAY_NOT_PUBLISH"


def test_in_guangdong_three_people_take_the_three_steps() -> None:
    by_both = approved(reviewer=BOTH)
    assert code(lambda: lifecycle.publish(by_both, BOTH, A, "", NOW, None)) == "REVIEWER_MAY_NOT_PUBLISH"
    assert lifecycle.publish(by_both, PROVINCE, A, "", NOW, None).status == "published"


def test_in_guangdong_the_city_files_and_the_province_publishes() -> None:
    assert code(lambda: lifecycle.file(None, proposed(PROVINCE), PROVINCE, NOW)) == "LEVEL_NOT_YOURS"
    assert code(lambda: lifecycle.review(draft(), PROVINCE, "approve", A, "", NOW)) == "LEVEL_NOT_YOURS"
    for officer in (THIRD, OPERATOR):
        assert code(lifecycle.publish, approved(), officer, A, "", NOW, None) == "LEVEL_NOT_YOURS"
    assert code(lambda: lifecycle.withdraw(published(), THIRD, "wrong", NOW)) == "LEVEL_NOT_YOURS"


def test_elsewhere_two_people_are_enough() -> None:
    passed = lifecycle.review(draft(OPERATOR, "CN-BJ"), PROVINCE, "approve", A, "", NOW)
    assert lifecycle.publish(passed, PROVINCE, A, "", NOW, None).status == "published"


def test_a_region_without_levels_takes_its_countrys_and_a_country_without_any_is_refused() -> None:
    assert lifecycle.levels("CN-BJ") == lifecycle.levels("CN")
    assert lifecycle.levels("CN-GD").publish == {"authority_province"}
    assert lifecycle.levels("CN-GD-GZ") == lifecycle.levels("CN-GD")
    assert code(lambda: lifecycle.levels("US")) == "JURISDICTION_UNKNOWN"


def test_another_document_makes_earlier_reviews_void(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = replace(lifecycle.levels("CN-GD"), approvals=2)
    monkeypatch.setattr(lifecycle, "levels", lambda _place: levels)
    once = lifecycle.review(draft(), COLLEAGUE, "approve", A, "", NOW)
    assert (once.status, once.approvers) == ("draft", {"colleague"})
    changed = lifecycle.file(once, proposed(hash_=B), CITY, NOW)
    assert (changed.status, changed.hash, changed.approvers) == ("draft", B, set())
    again = lifecycle.review(changed, THIRD, "approve", B, "", NOW)
    assert again.status == "draft"
    assert lifecycle.review(again, COLLEAGUE, "approve", B, "", NOW).status == "approved"


def test_a_review_is_of_the_document_that_was_read() -> None:
    assert code(lambda: lifecycle.review(draft(), COLLEAGUE, "approve", B, "", NOW)) == "VERSION_CHANGED"
    assert code(lambda: lifecycle.publish(approved(), PROVINCE, B, "", NOW, None)) == "VERSION_CHANGED"


def test_nobody_else_takes_a_version_over() -> None:
    assert code(lambda: lifecycle.file(draft(), proposed(COLLEAGUE), COLLEAGUE, NOW)) == "VERSION_TAKEN"
    assert code(lambda: lifecycle.file(published(), proposed(COLLEAGUE), COLLEAGUE, NOW)) == "VERSION_FIXED"


def test_a_step_that_was_done_before_by_the_same_person_changes_nothing() -> None:
    for version, step in (
        (draft(), lambda version: lifecycle.file(version, proposed(), CITY, NOW)),
        (published(), lambda version: lifecycle.file(version, proposed(), CITY, NOW)),
        (approved(), lambda version: lifecycle.review(version, COLLEAGUE, "approve", A, "", NOW)),
        (published(), lambda version: lifecycle.review(version, COLLEAGUE, "approve", A, "", NOW)),
        (STAGES["refused"](), lambda version: lifecycle.review(version, COLLEAGUE, "refuse", A, "x", NOW)),
        (published(), lambda version: lifecycle.publish(version, PROVINCE, A, "", NOW, None)),
        (STAGES["withdrawn"](), lambda version: lifecycle.withdraw(version, PROVINCE, "x", NOW)),
    ):
        assert step(version) is version


def test_a_refusal_says_why() -> None:
    assert code(lambda: lifecycle.review(draft(), COLLEAGUE, "refuse", A, "", NOW)) == "NOTE_REQUIRED"


@pytest.mark.parametrize("latest", ["3", "4", "10"])
def test_only_a_later_version_is_published(latest: str) -> None:
    assert code(lifecycle.publish, approved(), PROVINCE, A, "", NOW, latest) == "VERSION_NOT_NEWER"
    assert lifecycle.publish(approved(), PROVINCE, A, "", NOW, "2").status == "published"


def test_versions_are_ordered_by_their_numbers() -> None:
    names = ["2", "10", "10.1", "10.2", "10.10", "2026.9", "2026.11"]
    assert sorted(set(names), key=lifecycle.order) == names


def test_a_version_that_is_changed_for_ever_is_stopped_but_can_still_be_published() -> None:
    version = draft()
    for turn in range(lifecycle.STEPS_MAX - 2):
        version = lifecycle.file(version, proposed(hash_=(B, A)[turn % 2]), CITY, NOW)
    version = lifecycle.review(version, COLLEAGUE, "approve", version.hash, "", NOW)
    assert len(version.history) == lifecycle.STEPS_MAX
    assert code(lambda: lifecycle.review(version, THIRD, "refuse", version.hash, "no", NOW)) == "HISTORY_FULL"
    assert lifecycle.publish(version, PROVINCE, version.hash, "", NOW, None).status == "published"


PEOPLE = [CITY, COLLEAGUE, THIRD, PROVINCE, FOURTH, BOTH, OPERATOR]
ACTIONS = st.tuples(
    st.sampled_from(["file", "approve", "refuse", "publish", "withdraw"]),
    st.sampled_from(PEOPLE),
    st.sampled_from([A, B]),
)


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(["CN", "CN-GD"]), actions=st.lists(ACTIONS, max_size=14))
def test_whatever_people_try_two_have_agreed_and_what_is_published_never_changes(
    place: str, actions: list[tuple[str, Officer, str]]
) -> None:
    version = None
    fixed = ""
    for what, officer, hash_ in actions:
        try:
            if what == "file":
                version = lifecycle.file(version, proposed(officer, hash_, place), officer, NOW)
            elif version and what in ("approve", "refuse"):
                decision: Any = what
                version = lifecycle.review(version, officer, decision, hash_, "why", NOW)
            elif version and what == "publish":
                version = lifecycle.publish(version, officer, hash_, "", NOW, None)
            elif version:
                version = lifecycle.withdraw(version, officer, "why", NOW)
        except DomainError:
            continue
        if version and (done := version.step("published")):
            fixed = fixed or version.hash
            assert version.hash == done.hash == fixed
            assert done.by != version.author
            assert version.author not in version.approvers
            assert version.approvers
            people = {version.author, done.by, *version.approvers}
            assert len(people) >= (3 if place == "CN-GD" else 2)
