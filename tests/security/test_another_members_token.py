"""Every operation of the contract is tried with a second member's token, without one, and with bad ones.

An operation that is not in this table fails the test: whoever adds one says here what a stranger must get.
"""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from infra.build.contract import Operation, operations
from tests.scenarios.life import Life

pytestmark = pytest.mark.local_cloud

PUBLIC = "public"  # anyone may ask
OWN = "own"  # the answer is about the caller alone, whoever calls
HIDDEN = "hidden"  # another member's id: 404
STAFF = "staff"  # a role is needed: 403

EXPECTED = {
    "sign_in": PUBLIC,
    "refresh_session": PUBLIC,
    "get_jwks": PUBLIC,
    "list_programmes": PUBLIC,
    "get_programme": PUBLIC,
    "list_behaviours": PUBLIC,
    "list_methodologies": PUBLIC,
    "get_methodology_version": PUBLIC,
    "quantify": PUBLIC,
    "file_methodology": STAFF,
    "list_methodology_drafts": STAFF,
    "get_methodology_draft": STAFF,
    "review_methodology": STAFF,
    "publish_methodology": STAFF,
    "withdraw_methodology": STAFF,
    "verify_wechat_push": PUBLIC,
    "receive_wechat_push": PUBLIC,
    "list_rewards": OWN,
    "get_reward": OWN,
    "sign_out": OWN,
    "get_me": OWN,
    "update_me": OWN,
    "list_consents": OWN,
    "put_consent": OWN,
    "get_balances": OWN,
    "list_transfers": OWN,
    "sync_steps": OWN,
    "prepare_evidence": OWN,
    "record_activity": OWN,
    "list_activities": OWN,
    "redeem": OWN,
    "list_redemptions": OWN,
    "get_activity": HIDDEN,
    "explain_activity": HIDDEN,
    "collect_activity": HIDDEN,
    "list_friend_activities": HIDDEN,
    "get_friend_code": OWN,
    "add_friend": OWN,
    "list_friends": OWN,
    "remove_friend": OWN,
    "list_memberships": OWN,
    "join_programme": OWN,
    "leave_programme": OWN,
    "get_household": OWN,
    "join_household": OWN,
    "leave_household": OWN,
    "get_redemption": HIDDEN,
    "list_reviews": STAFF,
    "decide_review": STAFF,
    "get_digest": PUBLIC,
    "get_revision": PUBLIC,  # the opening is the owner's alone: tests/integration/test_journal_on_the_local_cloud.py
    "get_receipt": PUBLIC,
    "get_consistency": PUBLIC,
    "anchor_record": STAFF,
    "start_trial": STAFF,
    "file_programme": STAFF,
    "get_filed_programme": STAFF,
    "start_programme": STAFF,
    "get_trial": STAFF,
    "propose_correction": STAFF,
    "get_correction": STAFF,
    "approve_correction": STAFF,
}
"""What a second member gets from each operation, called with the first member's ids."""


def test_every_operation_is_in_the_table():
    assert {operation.id for operation in operations()} == set(EXPECTED)


def test_the_table_and_the_contract_agree_on_what_is_public():
    public = {operation.id for operation in operations() if operation.public}
    assert public == {name for name, expected in EXPECTED.items() if expected == PUBLIC}


def filled(path: str, life: Life) -> str:
    """The path with the first member's own ids."""
    values = {
        "activity_id": life.activity_id,
        "redemption_id": life.redemption_id,
        "review_id": life.review_id,
        "member_id": life.friend_id,
        "purpose": "steps",
        "programme_id": "carbon-88",
        "reward_id": "carbon-88-cola-12",
        "methodology_id": "subway-trip",
        "version": "1",
        "entry_id": life.activity_id,
        "trial_id": life.activity_id,
        "correction_id": life.activity_id,
    }
    return path.format(**values)


PARAMS = {"list_friend_activities": {"programme_id": "ant-forest"}}
BODIES: dict[str, Any] = {
    "decide_review": {"decision": "approve"},
    "file_methodology": {"document": {}},
    "review_methodology": {"decision": "approve", "hash": "ab" * 32},
    "publish_methodology": {"hash": "ab" * 32},
    "withdraw_methodology": {"reason": "no longer right"},
    "anchor_record": {"digest": "ab" * 32},
    "propose_correction": {
        "programme_id": "carbon-88",
        "factor": "subway-trip-seed@1",
        "replacement": "subway-trip-seed@2",
        "from": "2026-11-01",
        "to": "2026-11-02",
        "reason": "a reason",
    },
    "file_programme": {"document": {"id": "mine"}},
    "start_programme": {"hash": "ab" * 32},
    "start_trial": {"programme_id": "carbon-88", "days": 1, "document": {}},
}


@pytest.mark.parametrize(
    "operation", [o for o in operations() if EXPECTED.get(o.id) == HIDDEN], ids=lambda o: o.id
)
def test_anothers_ids_are_not_found(operation: Operation, life: Life):
    path, params = filled(operation.path, life), PARAMS.get(operation.id)
    assert life.first.request(operation.method, path, params=params).status_code == 200
    refused = life.second.request(operation.method, path, params=params)
    assert refused.status_code == 404
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "operation", [o for o in operations() if EXPECTED.get(o.id) == STAFF], ids=lambda o: o.id
)
def test_a_member_without_the_role_is_refused(operation: Operation, life: Life):
    answer = life.second.request(
        operation.method, filled(operation.path, life), json=BODIES.get(operation.id)
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize("operation", [o for o in operations() if not o.public], ids=lambda o: o.id)
def test_nothing_that_is_not_public_answers_without_a_good_token(
    operation: Operation, life: Life, bad_token: str
):
    headers = {"Authorization": f"Bearer {bad_token}"} if bad_token else {}
    answer = life.stranger.request(operation.method, f"/v1{filled(operation.path, life)}", headers=headers)
    assert answer.status_code == 401


def _foreign(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "other"})


@pytest.fixture(params=["none", "garbage", "foreign key", "no signature", "tampered"])
def bad_token(request: pytest.FixtureRequest, life: Life) -> str:
    claims = jwt.decode(life.first.access_token, options={"verify_signature": False})
    head, body, signature = life.first.access_token.split(".")
    made: dict[str, Callable[[], str]] = {
        "none": lambda: "",
        "garbage": lambda: "not.a.token",
        "foreign key": lambda: _foreign(claims),
        "no signature": lambda: jwt.encode(claims, None, "none"),
        "tampered": lambda: ".".join([head, body, ("A" if signature[0] != "A" else "B") + signature[1:]]),
    }
    return made[request.param]()
