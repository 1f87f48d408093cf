"""Appeals: one to a decision, decided by somebody else, in a stated time; credited once by a compensating transfer."""

import threading
from datetime import timedelta

import pytest

from puhui.activities import reading, scheduled_checks, verification
from puhui.activities.acts.model import Activity
from puhui.activities.appeals import notices, usecases
from puhui.activities.appeals.model import APPEAL_WITHIN, DECIDE_WITHIN, Appeal
from puhui.activities.errors import (
    ActivityNotFound,
    AppealDecided,
    AppealDoesNotFit,
    AppealMade,
    AppealNotFound,
    AppealTooLate,
    ColleaguesReview,
    DecidedBefore,
    DecisionGiven,
    NothingToAppeal,
    NothingToReverse,
    OwnReview,
    ReasonRequired,
    ReviewDecided,
)
from puhui.activities.reviews import reversals
from puhui.activities.reviews import usecases as reviews
from puhui.activities.reviews.leasing import Wanted
from puhui.activities.reviews.model import Reviewer, Vote
from puhui.kernel.scopes import Scope
from puhui.store.cursors import Cursors
from tests.contracts.activities.conftest import NOW, SENT, Acts
from tests.contracts.activities.test_verifying_photos import request, trip
from tests.unit.activities.test_pictures_and_risk import photo

FIRST, SECOND, THIRD = Reviewer("V" * 26), Reviewer("W" * 26), Reviewer("X" * 26)
OPERATOR = Reviewer("P" * 26)


def refused(acts: Acts, number: int = 1, hours_ago: int = 0) -> str:
    """An act that a person refused."""
    activity_id = trip(acts, acts.photo(photo(number)), hours_ago)
    vote = Vote(FIRST.id, "refuse", "NOT_THE_ACT", "no gate", NOW)
    reviews.decide_review(request(acts, activity_id), FIRST, vote, reviews=acts.tables.activities.reviews)
    verification.refuse_activity(acts.member_id, activity_id, "NOT_THE_ACT", tables=acts.tables, now=NOW)
    return activity_id


def appeal(acts: Acts, activity_id: str, reason: str = "the gate is on the left", **more: object) -> Appeal:
    given = {"now": SENT, **more}
    return usecases.appeal_activity(acts.member_id, activity_id, reason, tables=acts.tables, **given)


def decide(
    acts: Acts, made: Appeal, who: Reviewer = SECOND, decision: str = "approve", **more: object
) -> Appeal:
    now = more.get("now", SENT)
    reason = "NOT_ALLOWED_BY_RULES" if decision == "refuse" else ""
    vote = Vote(who.id, decision, reason, "seen again", now)
    return usecases.decide_appeal(made.id, who, vote, tables=acts.tables, now=now)


def act(acts: Acts, activity_id: str) -> Activity:
    return reading.get_activity(acts.member_id, activity_id, activities=acts.tables.activities)


def test_an_accepted_appeal_credits_the_act_once(acts: Acts):
    activity_id = refused(acts)
    made = appeal(acts, activity_id)
    assert (made.state, made.credits_mg, made.decide_by) == ("open", 200_000, SENT + DECIDE_WITHIN)
    assert act(acts, activity_id).appeal["state"] == "open"
    first = decide(acts, made)
    assert decide(acts, made, now=SENT + timedelta(hours=1)).votes == first.votes
    ended = act(acts, activity_id)
    assert (ended.status, ended.credits_mg, ended.points) == ("credited", 200_000, 200)
    assert (ended.reason_code, ended.appeal["state"]) == ("", "accepted")
    assert acts.points() == 200
    assert acts.sound()
    with pytest.raises(AppealDecided):
        decide(acts, made, THIRD)
    with pytest.raises(NothingToAppeal):
        appeal(acts, activity_id, "once more")
    assert acts.points() == 200


def test_a_rejected_appeal_leaves_the_decision_and_says_why(acts: Acts):
    activity_id = refused(acts)
    made = appeal(acts, activity_id)
    with pytest.raises(ReasonRequired):
        usecases.decide_appeal(
            made.id, SECOND, Vote(SECOND.id, "refuse", at=SENT), tables=acts.tables, now=SENT
        )
    assert decide(acts, made, decision="refuse").state == "rejected"
    ended = act(acts, activity_id)
    assert (ended.status, ended.reason_code, ended.note) == ("refused", "NOT_THE_ACT", "no gate")
    assert {"reason_code": "NOT_ALLOWED_BY_RULES", "note": "seen again"}.items() <= ended.appeal.items()
    with pytest.raises(AppealMade):
        appeal(acts, activity_id, "once more")
    assert acts.points() == 0
    assert acts.sound()


def test_there_is_one_appeal_and_the_same_one_again_is_the_same(acts: Acts):
    activity_id = refused(acts)
    made = appeal(acts, activity_id)
    assert appeal(acts, activity_id, now=SENT + timedelta(hours=1)).made_at == made.made_at
    with pytest.raises(AppealMade):
        appeal(acts, activity_id, "other words")


def test_it_is_made_in_time_by_the_acts_member_against_a_refusal(acts: Acts):
    activity_id = refused(acts)
    with pytest.raises(ActivityNotFound):
        appeal(acts.of("0" * 26), activity_id)
    with pytest.raises(AppealTooLate):
        appeal(acts, activity_id, now=NOW + APPEAL_WITHIN + timedelta(seconds=1))
    with pytest.raises(NothingToAppeal):
        appeal(acts, trip(acts, acts.photo(photo(2)), 3))


def test_another_person_decides(acts: Acts):
    made = appeal(acts, refused(acts), org="metro")
    for who, why in (
        (FIRST, DecidedBefore),
        (Reviewer(acts.member_id), OwnReview),
        (Reviewer("Y" * 26, "metro"), ColleaguesReview),
        (Reviewer("Y" * 26, scope=Scope(programmes=frozenset({"ant-forest"}))), AppealNotFound),
    ):
        assert listed(acts, who) == []
        with pytest.raises(why):
            decide(acts, made, who)
    assert listed(acts, SECOND) == [made.id]
    assert decide(acts, made).state == "accepted"
    assert listed(acts, SECOND) == []


def listed(acts: Acts, who: Reviewer, **wanted: str) -> list[str]:
    page = usecases.list_appeals(
        who, Wanted(**wanted), 10, None, activities=acts.tables.activities, cursors=lambda: Cursors(b"k" * 32)
    )
    return [each.id for each in page.items]


def test_a_role_in_a_programme_sees_its_appeals(acts: Acts):
    made = appeal(acts, refused(acts))
    for scope in (Scope(programmes=frozenset({"carbon-88"})), Scope(regions=frozenset({"CN"}))):
        assert listed(acts, Reviewer("Y" * 26, scope=scope)) == [made.id]


def test_an_appeal_that_nobody_decides_ends_and_may_be_made_once_more(acts: Acts):
    activity_id = refused(acts)
    made = appeal(acts, activity_id)
    look(acts, made.decide_by - timedelta(seconds=1), {})
    look(acts, made.decide_by, {"lapsed": 1})
    look(acts, made.decide_by + timedelta(days=1), {})
    assert act(acts, activity_id).appeal["state"] == "lapsed"
    assert act(acts, activity_id).status == "refused"
    assert listed(acts, SECOND) == []
    again = appeal(acts, activity_id, now=made.decide_by)
    assert (again.id, again.rounds, again.state) == (made.id, 2, "open")
    look(acts, again.decide_by, {"lapsed": 1})
    with pytest.raises(AppealMade):
        appeal(acts, activity_id, now=again.decide_by)


def test_a_decision_that_comes_after_the_time_is_refused(acts: Acts):
    made = appeal(acts, refused(acts))
    with pytest.raises(AppealDecided):
        decide(acts, made, now=made.decide_by)


def look(acts: Acts, at: object, found: dict[str, int]) -> None:
    assert scheduled_checks.check_waiting(acts.tables, "machine", at, lambda: 0, 1) == found  # type: ignore[arg-type]


def test_what_was_recorded_again_meanwhile_is_not_credited_twice(acts: Acts):
    activity_id = refused(acts)
    again = trip(acts, acts.photo(photo(2)))
    verification.credit_activity(acts.member_id, again, tables=acts.tables, now=NOW)
    made = appeal(acts, activity_id)
    with pytest.raises(AppealDoesNotFit):
        decide(acts, made)
    assert decide(acts, made, decision="refuse").state == "rejected"
    assert acts.points() == 200


def test_the_messages_fit_the_platforms_kinds(acts: Acts):
    made = appeal(acts, refused(acts))
    for ended in (decide(acts, made),):
        told = notices.notice(ended)
        assert len(told["phrase2"]) <= 5
        assert max(len(told["thing1"]), len(told["thing4"])) <= 20
    assert all(len(each) <= 5 for each in notices._RESULTS.values())
    assert all(len(each) <= 20 for each in notices._REMARKS.values())


def test_of_many_who_decide_at_once_one_does_and_the_act_is_credited_at_most_once(acts: Acts):
    made = appeal(acts, refused(acts))
    outcomes: list[str] = []

    def work(number: int) -> None:
        try:
            after = decide(acts, made, Reviewer(f"{number}" * 26), "approve" if number % 2 else "refuse")
            outcomes.append(after.state)
        except AppealDecided:
            outcomes.append("late")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert outcomes.count("late") == 5
    accepted = outcomes.count("accepted")
    assert acts.points() == 200 * accepted
    assert acts.sound()


# Reversals


def credited(acts: Acts, number: int = 1, hours_ago: int = 0) -> str:
    activity_id = trip(acts, acts.photo(photo(number)), hours_ago)
    verification.credit_activity(acts.member_id, activity_id, tables=acts.tables, now=NOW)
    return activity_id


def propose(acts: Acts, activity_id: str, who: Reviewer = OPERATOR):
    return reversals.propose_reversal(
        acts.member_id,
        activity_id,
        who,
        "ALREADY_COUNTED",
        "the same ride",
        activities=acts.tables.activities,
        now=SENT,
    )


def confirm(acts: Acts, review_id: str, who: Reviewer, decision: str = "approve"):
    reason = "NOT_ALLOWED_BY_RULES" if decision == "refuse" else ""
    vote = Vote(who.id, decision, reason, "", SENT)
    return reviews.decide_review(
        review_id,
        who,
        vote,
        reviews=acts.tables.activities.reviews,
        effects=reversals.effects(acts.tables, SENT),
    )


def test_a_credit_is_taken_back_by_two_people(acts: Acts):
    activity_id = credited(acts)
    proposed = propose(acts, activity_id)
    assert propose(acts, activity_id) == proposed
    with pytest.raises(DecisionGiven):
        confirm(acts, proposed.id, OPERATOR, "refuse")
    assert act(acts, activity_id).status == "credited"
    confirm(acts, proposed.id, SECOND)
    confirm(acts, proposed.id, SECOND)
    after = act(acts, activity_id)
    assert (after.status, after.credits_mg, after.points) == ("reversed", 0, 0)
    assert (after.reason_code, after.note) == ("ALREADY_COUNTED", "the same ride")
    assert acts.points() == 0
    assert acts.sound()
    with pytest.raises(ReviewDecided):
        propose(acts, activity_id, THIRD)


def test_where_the_second_differs_the_third_decides_a_reversal(acts: Acts):
    activity_id = credited(acts)
    review = propose(acts, activity_id)
    confirm(acts, review.id, SECOND, "refuse")
    assert act(acts, activity_id).status == "credited"
    confirm(acts, review.id, THIRD, "refuse")
    assert act(acts, activity_id).status == "credited"
    assert acts.points() == 200


def test_a_reversal_that_nobody_confirms_ends_and_the_credit_stands(acts: Acts):
    activity_id = credited(acts)
    review = propose(acts, activity_id)
    look(acts, review.expires_at, {"stands": 1})
    look(acts, review.expires_at + timedelta(days=1), {})
    with pytest.raises(ReviewDecided):
        confirm(acts, review.id, SECOND)
    assert act(acts, activity_id).status == "credited"


def test_only_what_was_credited_is_taken_back(acts: Acts):
    with pytest.raises(NothingToReverse):
        propose(acts, trip(acts, acts.photo(photo(1))))
    with pytest.raises(ActivityNotFound):
        propose(acts, credited(acts.of("0" * 26), 2))
    far = Reviewer("Q" * 26, scope=Scope(regions=frozenset({"CN-GD"})))
    with pytest.raises(ActivityNotFound):
        propose(acts, credited(acts, 3, 3), far)


def test_an_accepted_appeal_against_a_reversal_gives_back_what_was_taken(acts: Acts):
    activity_id = credited(acts)
    review = propose(acts, activity_id)
    confirm(acts, review.id, SECOND)
    made = appeal(acts, activity_id)
    assert made.before == "reversed"
    for who in (OPERATOR, SECOND):
        with pytest.raises(DecidedBefore):
            decide(acts, made, who)
    decide(acts, made, THIRD)
    ended = act(acts, activity_id)
    assert (ended.status, ended.credits_mg, ended.points) == ("credited", 200_000, 200)
    assert acts.points() == 200
    assert acts.sound()
