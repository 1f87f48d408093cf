"""Several people approve what none of them wrote."""

from datetime import UTC, datetime

import pytest

from puhui.kernel import approvals
from puhui.kernel.approvals import Approval, ProposerMayNotApprove
from puhui.kernel.errors import Conflict, NotFound

AT = datetime(2026, 11, 30, tzinfo=UTC)
CLOSED, CHANGED = Conflict(), NotFound()
ANNA = (Approval("anna", AT),)


def approve(given: tuple[Approval, ...], by: str, **more: object) -> tuple[Approval, ...]:
    return approvals.approve(given, by, AT, authors=["author"], closed=CLOSED, **more)  # type: ignore[arg-type]


def test_two_different_people_approve():
    first = approve((), "anna", needed=2)
    assert (first, approvals.are_enough(first, 2)) == (ANNA, False)
    second = approve(first, "bao", needed=2)
    assert (second, approvals.are_enough(second, 2)) == ((*ANNA, Approval("bao", AT)), True)


@pytest.mark.parametrize("is_open", [True, False])
def test_the_same_person_again_changes_nothing(is_open: bool):
    assert approve(ANNA, "anna", needed=2, is_open=is_open) is ANNA


def test_nobody_approves_what_they_wrote_whatever_became_of_it():
    with pytest.raises(ProposerMayNotApprove):
        approve(ANNA, "author", is_open=False, changed=CHANGED)
    with pytest.raises(Conflict):
        approve((), "author", own=CLOSED)


def test_nobody_approves_what_they_did_not_read_nor_what_is_closed():
    with pytest.raises(NotFound):
        approve(ANNA, "anna", changed=CHANGED)
    with pytest.raises(Conflict):
        approve((), "anna", is_open=False)
    with pytest.raises(Conflict):
        approve(ANNA, "bao", needed=1)
