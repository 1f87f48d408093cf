"""Known answers: reviews that were decided before come once more among the others, to whoever has not seen them, and look like any other.
What a verifier decides about them has no effect but on the tally of how far the verifier agrees.

| item   | owner (hash)         | entry (range)  | holds |
|--------|----------------------|----------------|-------|
| known  | known:<programme>    | K#<review id>  | one that an operator chose |
| copy   | review:<id>          | review         | a review of kind ``known``, for one verifier; ends |
| tally  | verifier:<member id> | agreement      | how many were decided so and are known so: ``<decided>_<known>`` |
"""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from puhui.activities.errors import NotDecided, ReviewNotFound
from puhui.activities.reviews.agreement import DECISIONS, cell, cohens_kappa, per_mille, table_of
from puhui.activities.reviews.model import (
    DECIDED,
    KNOWN,
    LEASE,
    OPEN,
    VERIFICATION,
    Review,
    Reviewer,
    may_take,
)
from puhui.activities.reviews.repository import REVIEW, Reviews
from puhui.kernel import ids
from puhui.kernel.scopes import Scope
from puhui.store.conditions import AlreadyExists
from puhui.store.session import Session

ONE_IN = 25  # 4 of 100 that a verifier gets are known
POOL_MAX = 100
KEPT = timedelta(days=90)


def keep_known(review_id: str, scope: Scope, *, reviews: Reviews) -> Review:
    """Choose a decided review as a known answer; again changes nothing. Raises ReviewNotFound, NotDecided."""
    review = reviews.find(review_id)
    if review is None or not scope.covers(review.programme_id, review.region):
        raise ReviewNotFound
    if review.kind != VERIFICATION or review.state != DECIDED:
        raise NotDecided
    reviews.dynamodb.assign(reviews.table, _pool_key(review), {"decision": review.decision})
    return review


def with_known(
    leased: list[Review], reviewer: Reviewer, *, reviews: Reviews, now: datetime, chance: Random
) -> list[Review]:
    """The leased reviews, with a known one in the place of chance among them for one of ONE_IN."""
    shown = list(leased)
    for review in leased:
        if review.lease_owner == reviewer.id and chance.randrange(ONE_IN) == 0:
            copy = _copy(review.programme_id, reviewer, reviews, now, chance)
            if copy:
                shown.insert(chance.randrange(len(shown) + 1), copy)
    return shown


def _copy(
    programme_id: str, reviewer: Reviewer, reviews: Reviews, now: datetime, chance: Random
) -> Review | None:
    items, _ = reviews.dynamodb.entries(
        reviews.table, ("owner", f"known:{programme_id}"), "K#", limit=POOL_MAX
    )
    chance.shuffle(items)
    for item in items:
        original = reviews.find(item["entry"][2:])
        if original is None or original.vote_of(reviewer.id) is not None:
            continue
        copy = _as_new(original, reviewer, now, chance)
        if not may_take(replace(copy, lease_until=None), reviewer, now):
            continue
        session = Session(reviews.dynamodb)
        stored = {**REVIEW.item(copy), "ends": int((now + KEPT).timestamp())}
        session.put(reviews.table, stored, unless="entry", error=AlreadyExists())
        try:
            session.commit()
        except AlreadyExists:
            continue  # this verifier has had it
        return copy
    return None


def _as_new(original: Review, reviewer: Reviewer, now: datetime, chance: Random) -> Review:
    """The same act, as if it had come within the last day."""
    shift = timedelta(days=max(0, (now - original.submitted_at).days))
    return replace(
        original,
        id=ids.derived_id(original.submitted_at, original.id, reviewer.id),
        kind=KNOWN,
        of=original.id,
        answer=original.decision,
        occurred_at=original.occurred_at + shift,
        submitted_at=original.submitted_at + shift,
        ended_at=original.ended_at + shift if original.ended_at else None,
        expires_at=now + timedelta(days=2, seconds=chance.randrange(86_400)),
        state=OPEN,
        decision="",
        reason_code="",
        note="",
        decided_by="",
        decided_at=None,
        task_token="",
        declined_by=(),
        votes=(),
        lease=1,
        lease_owner=reviewer.id,
        lease_until=now + LEASE,
    )


def add_to_tally(session: Session, review: Review, reviews: Reviews) -> None:
    """Count what a verifier decided about a known answer."""
    session.update(
        reviews.table,
        _tally_key(review.decided_by),
        "ADD #cell :one",
        {":one": 1},
        names={"#cell": cell(review.decision, review.answer)},
    )


def agreement_body(member_id: str, *, reviews: Reviews) -> dict[str, Any]:
    """The contract's Agreement of a verifier: the table, and Cohen's kappa of it. One read."""
    table = table_of(reviews.dynamodb.get(reviews.table, _tally_key(member_id)) or {})
    body: dict[str, Any] = {
        "verifier_id": member_id,
        "items": sum(map(sum, table)),
        "agreed": sum(table[each][each] for each in range(len(DECISIONS))),
        "table": [
            {"decided": decided, "known": known, "count": table[row][column]}
            for row, decided in enumerate(DECISIONS)
            for column, known in enumerate(DECISIONS)
        ],
    }
    kappa = per_mille(cohens_kappa(table))
    return body if kappa is None else {**body, "kappa_per_mille": kappa}


def _pool_key(review: Review) -> dict[str, str]:
    return {"owner": f"known:{review.programme_id}", "entry": f"K#{review.id}"}


def _tally_key(member_id: str) -> dict[str, str]:
    return {"owner": f"verifier:{member_id}", "entry": "agreement"}
