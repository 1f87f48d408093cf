"""Photos are verified step by step; any step may run twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from puhui.activities import reading, verification
from puhui.activities.errors import ActsOverlap, OwnReview, ReasonRequired, ReviewDecided, ReviewNotFound
from puhui.activities.evidence import usecases as evidence
from puhui.activities.reviews import usecases as reviews
from puhui.activities.reviews.leasing import Wanted
from puhui.activities.reviews.model import Reviewer, Vote
from puhui.activities.reviews.repository import REVIEW
from puhui.kernel import clock
from puhui.store.cursors import Cursors
from tests.contracts.activities.conftest import NOW, Acts
from tests.support import gateway
from tests.unit.activities.test_pictures_and_risk import photo

CURSORS = Cursors(b"k" * 32)


def trip(acts: Acts, evidence_id: str, hours_ago: int = 0) -> str:
    at = NOW - timedelta(hours=hours_ago)
    return acts.record("subway_trip", quantity={"trips": 1}, evidence=(evidence_id,), at=at).id


def twice(step: Callable[[], object]) -> object:
    first = step()
    assert step() == first
    return first


def test_a_verified_trip_is_credited_once_however_often_the_step_runs(acts: Acts):
    activity_id = trip(acts, acts.photo(photo(1)))
    credited = twice(
        lambda: verification.credit_activity(acts.member_id, activity_id, tables=acts.tables, now=NOW)
    )
    assert (credited.status, credited.credits_mg, credited.points) == ("credited", 200_000, 200)
    assert acts.points() == 200
    assert acts.balance().amounts.get("pending_mg", 0) == 0
    assert acts.sound()


def test_a_refused_trip_gives_nothing_and_frees_its_time(acts: Acts):
    activity_id = trip(acts, acts.photo(photo(1)))
    refused = twice(
        lambda: verification.refuse_activity(
            acts.member_id, activity_id, "NOT_THE_ACT", tables=acts.tables, now=NOW
        )
    )
    assert (refused.status, refused.reason_code, refused.credits_mg) == ("refused", "NOT_THE_ACT", 0)
    assert acts.points() == 0
    assert acts.balance().amounts.get("pending_mg", 0) == 0
    assert trip(acts, acts.photo(photo(2)))
    late = verification.credit_activity(acts.member_id, activity_id, tables=acts.tables, now=NOW)
    assert late.status == "refused"
    assert acts.sound()


def test_a_refused_trip_past_midnight_frees_its_time_on_both_days(acts: Acts):
    midnight = 12  # hours before NOW; a trip takes 5 minutes at least
    before = NOW - timedelta(hours=midnight, minutes=3)
    asked = {"quantity": {"trips": 1}, "evidence": (acts.photo(photo(1)),)}
    refused = acts.record("subway_trip", at=before, **asked)
    ride = {"at": NOW - timedelta(hours=midnight), "key": "ride"}
    with pytest.raises(ActsOverlap):
        acts.record(**ride)
    for _ in range(2):
        verification.refuse_activity(acts.member_id, refused.id, "NOT_THE_ACT", tables=acts.tables, now=NOW)
    assert acts.record(**ride).points == 500
    page = reading.list_activities(
        acts.member_id, None, 10, None, activities=acts.tables.activities, cursors=CURSORS
    )
    assert [activity.status for activity in page.items] == ["credited", "refused"]
    assert acts.sound()


def test_a_verification_that_took_too_long_expires(acts: Acts):
    activity_id = trip(acts, acts.photo(photo(1)))
    ended = verification.refuse_activity(
        acts.member_id, activity_id, "REVIEW_EXPIRED", tables=acts.tables, now=NOW
    )
    assert ended.status == "expired"


@pytest.mark.parametrize(
    ("data", "content_type", "lie", "reason"),
    [
        (photo(1), "image/jpeg", None, ""),
        (photo(1), "image/jpeg", photo(2), "FILE_CHANGED"),
        (b"%PDF-1.7 not a picture", "image/jpeg", None, "FILE_TYPE"),
        (photo(1, "PNG"), "image/jpeg", None, "FILE_TYPE"),
    ],
)
def test_the_file_must_be_the_announced_picture(
    acts: Acts, data: bytes, content_type: str, lie: bytes | None, reason: str
):
    assert acts.inspect(acts.photo(data, content_type, lie=lie))["reason_code"] == reason


def test_a_file_that_never_came_is_missing(acts: Acts):
    evidence_id = acts.photo(photo(1))
    acts.shelf.files.clear()
    assert acts.inspect(evidence_id)["reason_code"] == "FILE_MISSING"


def test_a_photo_that_anyone_used_before_is_refused_and_a_near_one_is_flagged(acts: Acts):
    first = acts.photo(photo(1))
    twice(lambda: acts.inspect(first))
    stranger = Acts(acts.tables, acts.shelf, "0" * 26)
    assert stranger.inspect(stranger.photo(photo(1)))["reason_code"] == "EVIDENCE_REUSED"
    assert stranger.inspect(stranger.photo(photo(1, quality=40)))["signals"] == ["PHOTO_SIMILAR"]
    assert stranger.inspect(stranger.photo(photo(3)))["signals"] == []


def request(acts: Acts, activity_id: str, token: str = "token") -> str:
    return verification.request_review(
        acts.member_id,
        activity_id,
        60,
        ["CONTENT_REVIEW"],
        token,
        3600,
        activities=acts.tables.activities,
        now=NOW,
    ).id


def decide(acts: Acts, review_id: str, decision: str, reason: str = "", who: str = "V" * 26):
    return reviews.decide_review(
        review_id,
        Reviewer(who),
        Vote(who, decision, reason, at=NOW),
        reviews=acts.tables.activities.reviews,
    )


def test_a_verifier_sees_what_was_told_and_what_is_at_stake(acts: Acts):
    at, until = NOW, NOW + timedelta(minutes=25)
    evidence = (acts.photo(photo(1)),)
    told = acts.record("subway_trip", quantity={"trips": 1}, evidence=evidence, at=at, ended_at=until)
    review_id = request(acts, told.id)
    review = acts.tables.activities.reviews.find(review_id)
    assert review is not None

    shown = reviews.review_body(review, acts.shelf)

    assert (shown["quantity"], shown["credits_mg"], shown["points"]) == ({"trips": 1}, 200_000, 200)
    assert (shown["occurred_at"], shown["ended_at"]) == (clock.to_text(at), clock.to_text(until))
    page = {"items": [shown], "next_cursor": None}
    assert gateway.declares("list_reviews", 200, page)


def test_a_review_that_was_kept_before_is_shown_without_them(acts: Acts):
    review_id = request(acts, trip(acts, acts.photo(photo(1))))
    kept = REVIEW.item(acts.tables.activities.reviews.find(review_id))
    later = {"quantity", "ended_at", "credits_mg", "points"}
    review = REVIEW.read({name: value for name, value in kept.items() if name not in later})

    assert not later & reviews.review_body(review, acts.shelf).keys()


def waiting(acts: Acts) -> list[str]:
    page = reviews.list_reviews(
        Reviewer("V" * 26),
        Wanted(),
        10,
        None,
        reviews=acts.tables.activities.reviews,
        cursors=lambda: CURSORS,
    )
    return [review.activity_id for review in page.items]


def test_a_review_is_decided_once_by_somebody_else(acts: Acts):
    activity_id = trip(acts, acts.photo(photo(1)))
    review_id = twice(lambda: request(acts, activity_id))
    assert waiting(acts) == [activity_id]
    with pytest.raises(OwnReview):
        decide(acts, review_id, "approve", who=acts.member_id)
    with pytest.raises(ReasonRequired):
        decide(acts, review_id, "refuse")
    decided = twice(lambda: decide(acts, review_id, "refuse", "NOT_THE_ACT"))
    assert (decided.state, decided.task_token) == ("decided", "token")
    with pytest.raises(ReviewDecided):
        decide(acts, review_id, "approve")
    assert waiting(acts) == []
    with pytest.raises(ReviewNotFound):
        decide(acts, "0" * 26, "approve")


def test_a_review_nobody_decided_is_closed_and_a_late_decision_comes_too_late(acts: Acts):
    activity_id = trip(acts, acts.photo(photo(1)))
    review_id = request(acts, activity_id)

    def close() -> dict[str, object]:
        return verification.close_review(
            acts.member_id, activity_id, activities=acts.tables.activities, now=NOW
        )

    assert twice(close) == {"decision": "expired", "reason_code": "REVIEW_EXPIRED"}
    with pytest.raises(ReviewDecided):
        decide(acts, review_id, "approve")


def test_a_decision_at_the_last_moment_holds(acts: Acts):
    activity_id = trip(acts, acts.photo(photo(1)))
    decide(acts, request(acts, activity_id), "approve")
    closed = verification.close_review(
        acts.member_id, activity_id, activities=acts.tables.activities, now=NOW
    )
    assert closed["decision"] == "approve"


def test_the_verdict_and_the_waiting_task_meet_in_either_order(acts: Acts):
    activities = acts.tables.activities
    evidence.content_verdict("t1", "pass", repository=activities.evidence)
    evidence.request_content_check(lambda: "t1", "token", "E1", repository=activities.evidence)
    evidence.request_content_check(lambda: "t2", "token", "E2", repository=activities.evidence)
    evidence.content_verdict("t2", "risky", repository=activities.evidence)
    for trace in ("t1", "t2"):
        check = activities.evidence.add_to_check(trace, {"seen": True})
        assert check["task_token"] == "token"
        assert check["suggest"] in ("pass", "risky")


def test_the_first_answer_stays_the_first_answer(acts: Acts):
    evidence_id = acts.photo(photo(1))
    first = acts.record("subway_trip", quantity={"trips": 1}, evidence=(evidence_id,), key="t")
    verification.credit_activity(acts.member_id, first.id, tables=acts.tables, now=NOW)
    again = acts.record("subway_trip", quantity={"trips": 1}, evidence=(evidence_id,), key="t")
    assert (again.id, again.status) == (first.id, "verifying")
    assert (
        reading.get_activity(acts.member_id, first.id, activities=acts.tables.activities).status == "credited"
    )
