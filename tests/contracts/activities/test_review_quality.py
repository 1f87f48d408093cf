"""Known answers among the reviews, figures of the desk, and signed statements of third parties."""

import base64
import json
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from puhui.activities.errors import (
    NotDecided,
    ReviewNotFound,
    StatementInvalid,
    StatementSignature,
)
from puhui.activities.reviews import figures, known, statements, usecases
from puhui.activities.reviews.model import Review, Reviewer
from puhui.activities.reviews.repository import Reviews
from puhui.kernel import clock
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.kernel.scopes import EVERYWHERE, OutOfScope, Scope
from tests.contracts.activities.conftest import NOW
from tests.contracts.activities.test_review_desk import ANNA, BORA, CHEN, decide, desk, lease, queued

__all__ = ["desk"]
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


class Always(Random):
    """Chance that brings a known answer each time."""

    def randrange(self, *_: Any) -> int:
        return 0


def pool(desk: Reviews, decisions: str = "ar") -> list[Review]:
    """Known answers: one for each letter, approved or refused by BORA."""
    kept = []
    for number, letter in enumerate(decisions):
        review = queued(desk, number)
        decide(desk, review, BORA, {"a": "approve", "r": "refuse"}[letter])
        kept.append(known.keep_known(review.id, EVERYWHERE, reviews=desk))
    return kept


def with_known(desk: Reviews, leased: list[Review], who: Reviewer = ANNA) -> list[Review]:
    return known.with_known(leased, who, reviews=desk, now=NOW, chance=Always(1))


def test_a_known_answer_looks_like_any_other_and_only_measures(desk: Reviews):
    pool(desk, "r")
    queued(desk, 9)
    shown = with_known(desk, lease(desk, ANNA))
    (copy,) = (review for review in shown if review.kind == "known")
    body = usecases.review_body(copy, Shelf(), NOW)
    assert (body["kind"], body["lease"], len(shown)) == ("verification", 1, 2)
    assert not {"of", "answer"} & body.keys()
    assert NOW - copy.submitted_at < timedelta(days=1) < copy.expires_at - NOW
    assert list(desk.waiting("")) == [review.id for review in shown if review is not copy]
    with pytest.raises(ReviewNotFound):
        decide(desk, copy, CHEN)
    before = desk.counts("carbon-88", ["2026-11-20"])
    for _ in range(2):
        decide(desk, copy, ANNA, "approve", copy.lease)
    assert known.agreement_body(ANNA.id, reviews=desk)["table"][1] == {
        "decided": "approve",
        "known": "refuse",
        "count": 1,
    }
    assert desk.counts("carbon-88", ["2026-11-20"]) == before


class Shelf:
    def address(self, object_key: str, _seconds: int) -> str:
        return object_key


def test_each_verifier_gets_each_known_answer_once_and_never_an_own_one(desk: Reviews):
    pool(desk, "ara")
    queued(desk, 9)
    leased = lease(desk, ANNA)
    seen = [review.of for _ in range(5) for review in with_known(desk, leased) if review.kind == "known"]
    assert len(seen) == len(set(seen)) == 3
    theirs = [*leased[:0], *(review for review in leased)]
    assert [each for each in with_known(desk, theirs, BORA) if each.kind == "known"] == []


def test_about_four_of_a_hundred_are_known(desk: Reviews):
    pool(desk, "ar" * 20)
    for number in range(50, 100):
        queued(desk, number)
    chance, leased, found = Random(3), lease(desk, ANNA, 50), 0
    for _ in range(12):
        shown = known.with_known(leased, ANNA, reviews=desk, now=NOW, chance=chance)
        found += len(shown) - len(leased)
    assert 12 <= found <= 36  # of 600: 24 on average


def test_only_what_was_decided_becomes_a_known_answer(desk: Reviews):
    review = queued(desk)
    with pytest.raises(NotDecided):
        known.keep_known(review.id, EVERYWHERE, reviews=desk)
    with pytest.raises(ReviewNotFound):
        known.keep_known(review.id, Scope(programmes=frozenset({"ant-forest"})), reviews=desk)


def test_the_agreement_of_a_verifier_is_a_table_and_its_kappa(desk: Reviews):
    for cell, count in {
        "approve_approve": 20,
        "approve_refuse": 5,
        "refuse_approve": 10,
        "refuse_refuse": 15,
    }.items():
        desk.dynamodb.assign(desk.table, {"owner": "verifier:V", "entry": "agreement"}, {cell: count})
    body = known.agreement_body("V", reviews=desk)
    assert (body["items"], body["agreed"], body["kappa_per_mille"]) == (50, 35, 400)
    assert "kappa_per_mille" not in known.agreement_body("W", reviews=desk)


def test_the_figures_of_a_desk(desk: Reviews):
    for number in range(100):
        queued(desk, number)
    decide(desk, queued(desk, 500), ANNA, now=NOW)
    decide(desk, queued(desk, 501), ANNA, now=NOW + timedelta(days=1))
    at = NOW + timedelta(days=1)
    body = figures.figures_body("carbon-88", "CN", EVERYWHERE, reviews=desk, now=at)
    assert (body["waiting"], body["overdue"], body["decided"], body["in_time_percent"]) == (100, 100, 2, 50)
    oldest = 34 * 3600
    assert (body["median_age_seconds"], body["p95_age_seconds"]) == (oldest - 50, oldest - 5)
    with pytest.raises(OutOfScope):
        figures.figures_body("carbon-88", "CN", Scope(), reviews=desk, now=at)


# Signed statements


def key(desk: Reviews, who: Reviewer = ANNA) -> str:
    public = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
    return statements.add_key(who.id, public, "P" * 26, reviews=desk, now=NOW).id


def text(reviews: list[Review], batch: str = "b1", who: Reviewer = ANNA, **more: Any) -> str:
    decisions = [
        {"decision": "refuse", "lease": each.lease, "reason_code": "NOT_THE_ACT", "review_id": each.id}
        for each in reviews
    ]
    content = {
        "at": clock.to_text(NOW),
        "batch": batch,
        "decisions": decisions,
        "type": statements.TYPE,
        "v": 1,
        "verifier": who.id,
        **more,
    }
    return json.dumps(content, separators=(",", ":"), sort_keys=True)


def submit(desk: Reviews, said: str, key_id: str, signed: str = "", who: Reviewer = ANNA):
    signature = base64.b64encode(KEY.sign((signed or said).encode())).decode()
    return statements.submit(who, said, key_id, signature, reviews=desk, effects=usecases.no_effects, now=NOW)


def test_a_signed_statement_decides_its_batch_once_and_is_kept_as_it_came(desk: Reviews):
    for number in range(3):
        queued(desk, number)
    leased, key_id = lease(desk, ANNA), key(desk)
    said = text(leased)
    kept, results = submit(desk, said, key_id)
    assert [each["state"] for each in results] == ["decided"] * 3
    assert [each["review_id"] for each in results] == [each.id for each in leased]
    assert list(desk.waiting("")) == []
    again, same = submit(desk, said, key_id)
    assert (again, same) == (kept, results)
    stored = desk.dynamodb.get(desk.table, {"owner": f"verifier:{ANNA.id}", "entry": "S#b1"})
    assert stored is not None
    assert (stored["text"], len(kept.sha256)) == (said, 64)
    with pytest.raises(IdempotencyKeyReused):
        submit(desk, text(leased[:1]), key_id)


def test_a_statement_that_stopped_in_the_middle_goes_on(desk: Reviews, monkeypatch: pytest.MonkeyPatch):
    for number in range(3):
        queued(desk, number)
    leased, key_id = lease(desk, ANNA), key(desk)
    count, real = iter(range(100)), statements.decide_review

    def dying(*given: Any, **more: Any) -> Review:
        if next(count) == 1:
            raise RuntimeError("killed")
        return real(*given, **more)

    monkeypatch.setattr(statements, "decide_review", dying)
    with pytest.raises(RuntimeError):
        submit(desk, text(leased), key_id)
    assert len(list(desk.waiting(""))) == 2
    assert [each["state"] for each in submit(desk, text(leased), key_id)[1]] == ["decided"] * 3


def test_what_is_no_longer_the_verifiers_is_refused_item_by_item(desk: Reviews):
    for number in range(2):
        queued(desk, number)
    first, second = lease(desk, ANNA)
    decide(desk, first, ANNA, "refuse", first.lease)
    (taken,) = [each for each in lease(desk, BORA, now=NOW + timedelta(minutes=10)) if each.id == second.id]
    _, results = submit(desk, text([first, second]), key(desk))
    assert [each["state"] for each in results] == ["decided", "refused"]
    assert results[1]["code"] == "LEASE_LOST"
    assert taken.lease == 2


@pytest.mark.parametrize(
    "more",
    [
        {"verifier": BORA.id},
        {"v": 2},
        {"type": "other"},
        {"extra": 1},
        {"decisions": []},
        {"decisions": [{"decision": "refuse", "lease": 1, "review_id": "x"}]},
        {"at": "2026-11-18T00:00:00+08:00"},
        {"at": "yesterday"},
        {"batch": ""},
    ],
)
def test_a_statement_of_another_form_is_refused(desk: Reviews, more: dict[str, Any]):
    queued(desk)
    with pytest.raises(StatementInvalid):
        submit(desk, text(lease(desk, ANNA), **more), key(desk))
    assert len(list(desk.waiting(""))) == 1


def test_a_statement_is_canonical_and_signed_by_a_key_on_record(desk: Reviews):
    queued(desk)
    leased, key_id = lease(desk, ANNA), key(desk)
    said = text(leased)
    with pytest.raises(StatementInvalid):
        submit(desk, json.dumps(json.loads(said)), key_id)
    with pytest.raises(StatementSignature):
        submit(desk, said, "0" * 16)
    with pytest.raises(StatementSignature):
        submit(desk, said, key_id, signed=said.replace("refuse", "approve"))
    with pytest.raises(StatementSignature):
        submit(desk, text(leased, who=BORA), key_id, who=BORA)
    assert len(list(desk.waiting(""))) == 1
    with pytest.raises(StatementInvalid):
        statements.add_key(ANNA.id, base64.b64encode(b"k" * 32).decode(), ANNA.id, reviews=desk, now=NOW)
