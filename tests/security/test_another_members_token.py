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
UNSEEN = "unseen"  # likewise, for what needs more than the id to succeed: 404 whatever is sent
STAFF = "staff"  # a role is needed: 403

EXPECTED = {
    "sign_in": PUBLIC,
    "refresh_session": PUBLIC,
    "get_jwks": PUBLIC,
    "get_configuration": PUBLIC,
    "list_programmes": PUBLIC,
    "get_programme": PUBLIC,
    "list_behaviours": PUBLIC,
    "list_methodologies": PUBLIC,
    "get_methodology_version": PUBLIC,
    "quantify": PUBLIC,
    "list_factors": PUBLIC,
    "get_factor": PUBLIC,
    "file_factor": STAFF,
    "list_factor_drafts": STAFF,
    "get_factor_draft": STAFF,
    "review_factor": STAFF,
    "publish_factor": STAFF,
    "withdraw_factor": STAFF,
    "list_gates": PUBLIC,
    "propose_gate": STAFF,
    "approve_gate": STAFF,
    "propose_closing": STAFF,
    "approve_closing": STAFF,
    "list_proposals": STAFF,
    "file_methodology": STAFF,
    "list_methodology_drafts": STAFF,
    "get_methodology_draft": STAFF,
    "review_methodology": STAFF,
    "publish_methodology": STAFF,
    "withdraw_methodology": STAFF,
    "ingest_activities": PUBLIC,
    "get_partner_batch": PUBLIC,
    "register_binding_code": PUBLIC,
    "list_partner_bindings": OWN,
    "bind_partner": UNSEEN,
    "unbind_partner": UNSEEN,
    "start_partner_binding": UNSEEN,
    "put_data_partner": STAFF,
    "get_data_partner": STAFF,
    "activate_data_partner": STAFF,
    "add_data_partner_key": STAFF,
    "remove_data_partner_key": STAFF,
    "suspend_data_partner": STAFF,
    "verify_wechat_push": PUBLIC,
    "receive_wechat_push": PUBLIC,
    "list_rewards": OWN,
    "get_reward": OWN,
    "sign_out": OWN,
    "get_me": OWN,
    "update_me": OWN,
    "list_consents": OWN,
    "export_me": OWN,
    "get_export": HIDDEN,
    "open_export": UNSEEN,
    "erase_me": OWN,
    "get_erasure": OWN,
    "withdraw_erasure": OWN,
    "list_imports": OWN,
    "list_imported_activities": UNSEEN,
    "put_consent": OWN,
    "declare_birth_year": OWN,
    "get_guardian_code": OWN,
    "add_ward": OWN,
    "list_wards": OWN,
    "remove_ward": UNSEEN,
    "list_ward_activities": UNSEEN,
    "export_ward": UNSEEN,
    "get_ward_export": UNSEEN,
    "open_ward_export": UNSEEN,
    "erase_ward": UNSEEN,
    "correct_ward_birth_year": UNSEEN,
    "put_ward_consent": UNSEEN,
    "get_guardian_notice": PUBLIC,
    "get_minors_report": STAFF,
    "get_balances": OWN,
    "get_points_forecast": OWN,
    "put_expiry_choice": OWN,
    "start_report": STAFF,
    "get_report": STAFF,
    "list_transfers": OWN,
    "sync_steps": OWN,
    "prepare_evidence": OWN,
    "import_track": OWN,
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
    "cancel_redemption": UNSEEN,
    "confirm_delivery": UNSEEN,
    "list_coupons": OWN,
    "get_coupon": UNSEEN,
    "hand_on_coupon": UNSEEN,
    "verify_coupon": UNSEEN,
    "propose_reward": UNSEEN,
    "list_merchant_rewards": UNSEEN,
    "list_proposed_rewards": STAFF,
    "set_reward": STAFF,
    "publish_reward": STAFF,
    "close_reward": STAFF,
    "list_deliveries": STAFF,
    "dispatch_delivery": STAFF,
    "report_project": UNSEEN,
    "list_project_reports": OWN,
    "answer_order": PUBLIC,
    "list_reviews": STAFF,
    "lease_reviews": STAFF,
    "get_review_figures": STAFF,
    "keep_known_answer": STAFF,
    "get_agreement": STAFF,
    "add_verifier_key": STAFF,
    "submit_review_statement": STAFF,
    "appeal_activity": UNSEEN,
    "propose_reversal": STAFF,
    "list_appeals": STAFF,
    "decide_appeal": STAFF,
    "extend_review_lease": STAFF,
    "decline_review": STAFF,
    "decide_review": STAFF,
    "void_activity": STAFF,
    "list_held_activities": STAFF,
    "list_risk_rules": STAFF,
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
    "put_partner": STAFF,
    "get_partner": STAFF,
    "add_partner_secret": STAFF,
    "put_partner_webhook": STAFF,
    "get_partner_webhook": STAFF,
    "add_partner_webhook_key": STAFF,
    "replay_partner_webhooks": STAFF,
    "prepare_partner_file": PUBLIC,  # as to tokens: it is signed
    "get_partner_file": PUBLIC,
    "replay_webhooks": PUBLIC,
    "list_merchants": PUBLIC,
    "prepare_merchant_document": OWN,
    "apply_as_merchant": OWN,
    "join_staff": OWN,
    "list_my_merchants": OWN,
    "get_merchant": HIDDEN,
    "resubmit_merchant_application": UNSEEN,
    "revise_merchant": UNSEEN,
    "put_branch": UNSEEN,
    "list_branches": HIDDEN,
    "invite_staff": UNSEEN,
    "list_staff": HIDDEN,
    "remove_staff": UNSEEN,
    "list_merchant_applications": STAFF,
    "certify_merchant": STAFF,
    "suspend_merchant": STAFF,
    "reinstate_merchant": STAFF,
    "put_budget": STAFF,
    "get_budget": STAFF,
    "propose_funding": STAFF,
    "approve_funding": STAFF,
    "reject_funding": STAFF,
    "open_settlement": STAFF,
    "list_settlements": STAFF,
    "get_settlement": STAFF,
    "review_statement": STAFF,
    "approve_settlement": STAFF,
    "record_payment": STAFF,
    "resolve_dispute": STAFF,
    "list_merchant_settlements": UNSEEN,
    "get_statement": UNSEEN,
    "download_statement": UNSEEN,
    "print_statement": UNSEEN,
    "open_dispute": UNSEEN,
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
        "appeal_id": life.review_id,
        "member_id": life.friend_id,
        "purpose": "steps",
        "programme_id": "carbon-88",
        "reward_id": "carbon-88-cola-12",
        "methodology_id": "subway-trip",
        "factor_id": "subway-trip-seed",
        "gate": "pooled_sale",
        "version": "1",
        "entry_id": life.activity_id,
        "coupon_id": f"{life.redemption_id}-0",
        "order_id": life.redemption_id,
        "trial_id": life.activity_id,
        "report_id": life.activity_id,
        "correction_id": life.activity_id,
        "partner_id": "demo-partner",
        "merchant_id": life.merchant_id,
        "branch_id": "tianhe",
        "budget_id": "bank-1",
        "funding_id": life.activity_id,
        "settlement_id": life.activity_id,
        "dispute_id": life.activity_id,
        "export_id": life.export_id,
        "import_id": life.activity_id,
        "batch_id": "b-1",
        "key_id": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    }
    return path.format(**values)


PARAMS = {
    "get_minors_report": {"year": "2026"},
    "list_friend_activities": {"programme_id": "ant-forest"},
    **{
        name: {"merchant_id": "{merchant_id}"}
        for name in (
            "list_merchant_rewards",
            "list_merchant_settlements",
            "get_statement",
            "download_statement",
            "print_statement",
        )
    },
}
REWARD = {
    "programme_id": "carbon-88",
    "kind": "good",
    "title": {"zh-CN": "布袋", "en": "Tote bag"},
    "price_points": 100,
    "stock": 1,
}
BODIES: dict[str, Any] = {
    "bind_partner": {"partner_id": "demo-partner", "code": "7K2M9QX4TB"},
    "put_data_partner": {
        "name": {"zh-CN": "示范", "en": "Demo"},
        "programmes": [{"programme_id": "carbon-88", "behaviours": ["cycling"]}],
    },
    "activate_data_partner": {"hash": "ab" * 32},
    "add_data_partner_key": {
        "public_key": {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        }
    },
    "suspend_data_partner": {"reason": "a reason"},
    "correct_ward_birth_year": {"birth_year": 2015},
    "put_ward_consent": {"granted": True, "version": "2026-12"},
    "hand_on_coupon": {"friend_id": "01KAGZ3V9Q8M4T2X7C5R6N1P0D"},
    "verify_coupon": {"code": "7Q2K-9XWD-04TN"},
    "propose_reward": {**REWARD, "merchant_id": "01KAGZ3V9Q8M4T2X7C5R6N1P0D"},
    "set_reward": REWARD,
    "report_project": {"text": {"zh-CN": "进展", "en": "Progress"}},
    "start_report": {"programme_id": "carbon-88"},
    "decide_review": {"decision": "approve"},
    "lease_reviews": {"limit": 1},
    "add_verifier_key": {"public_key": "A" * 43 + "="},
    "submit_review_statement": {
        "statement": "{}",
        "key_id": "ab" * 8,
        "signature": "A" * 86 + "==",
    },
    "appeal_activity": {"reason": "the gate is on the left"},
    "propose_reversal": {
        "member_id": "01KAGZ3V9Q8M4T2X7C5R6N1P0D",
        "reason_code": "ALREADY_COUNTED",
        "note": "the same ride",
    },
    "decide_appeal": {"decision": "approve"},
    "extend_review_lease": {"lease": 1},
    "file_methodology": {"document": {}},
    "file_factor": {"document": {}},
    "review_factor": {"decision": "approve", "hash": "ab" * 32},
    "publish_factor": {"hash": "ab" * 32},
    "withdraw_factor": {"reason": "no longer right"},
    "propose_gate": {"open": True, "reason": "a reason"},
    "approve_gate": {"hash": "ab" * 32},
    "propose_closing": {"closes_at": "2027-01-01T00:00:00+08:00", "reason": "a reason"},
    "approve_closing": {"hash": "ab" * 32},
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
    "resubmit_merchant_application": {
        "kind": "business",
        "name": {"zh-CN": "咖啡", "en": "Coffee"},
        "legal_id": "91350100M000100Y43",
        "contact": {"name": "陈小满", "phone": "13800000000"},
        "regions": ["CN-GD"],
        "document_ids": ["01KAGZ3V9Q8M4T2X7C5R6N1P0D"],
    },
    "revise_merchant": {
        "description": {"zh-CN": "自带杯", "en": "Bring your cup"},
        "picture_ids": ["01KAGZ3V9Q8M4T2X7C5R6N1P0D"],
    },
    "put_branch": {
        "name": {"zh-CN": "天河店", "en": "Tianhe"},
        "address": "示范路 1 号",
        "region": "CN-GD",
        "open": True,
    },
    "invite_staff": {"role": "clerk"},
    "certify_merchant": {"decision": "certify", "version": 1},
    "suspend_merchant": {"reason_code": "COMPLAINTS", "note": "a reason"},
    "reinstate_merchant": {"note": "a reason"},
    "put_budget": {"programme_id": "carbon-88", "sponsor": {"zh-CN": "银行", "en": "Bank"}},
    "propose_funding": {"fen": 1, "reference": "wire"},
    "open_settlement": {"programme_id": "carbon-88", "until": "2026-11-01T00:00:00+08:00"},
    "approve_settlement": {"hash": "ab" * 32},
    "record_payment": {
        "merchant_id": "01KAGZ3V9Q8M4T2X7C5R6N1P0D",
        "fen": 1,
        "reference": "wire",
        "paid_at": "2026-11-01T00:00:00+08:00",
    },
    "resolve_dispute": {"decision": "reject", "note": "seen"},
    "open_dispute": {"merchant_id": "01KAGZ3V9Q8M4T2X7C5R6N1P0D", "text": "wrong"},
    "put_partner": {
        "programme_id": "carbon-88",
        "name": {"zh-CN": "合作方", "en": "Partner"},
        "url": "https://orders.partner.example",
        "answer_within_seconds": 60,
    },
    "put_partner_webhook": {"url": "https://metro.example/puhui"},
    "replay_partner_webhooks": {"from": "2026-11-30T00:00:00+08:00", "to": "2026-12-01T00:00:00+08:00"},
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
    "operation", [o for o in operations() if EXPECTED.get(o.id) == UNSEEN], ids=lambda o: o.id
)
def test_what_is_anothers_cannot_be_changed(operation: Operation, life: Life):
    path, body = filled(operation.path, life), BODIES.get(operation.id)
    params = {name: filled(value, life) for name, value in PARAMS.get(operation.id, {}).items()}
    refused = life.second.request(operation.method, path, json=body, params=params)
    assert (refused.status_code, refused.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "operation", [o for o in operations() if EXPECTED.get(o.id) == STAFF], ids=lambda o: o.id
)
def test_a_member_without_the_role_is_refused(operation: Operation, life: Life):
    answer = life.second.request(
        operation.method, filled(operation.path, life), json=BODIES.get(operation.id)
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


CLOSED = [operation for operation in operations() if not operation.public]


@pytest.mark.parametrize("operation", CLOSED, ids=lambda o: o.id)
def test_nothing_that_is_not_public_answers_without_a_token(operation: Operation, life: Life):
    answer = life.stranger.request(operation.method, f"/v1{filled(operation.path, life)}")
    assert answer.status_code == 401


@pytest.mark.parametrize("operation", CLOSED[::8], ids=lambda o: o.id)
def test_no_token_but_a_good_one_opens_anything(operation: Operation, life: Life, bad_token: str):
    """One authoriser judges every token, wherever it stands: that it stands everywhere is shown above."""
    headers = {"Authorization": f"Bearer {bad_token}"}
    answer = life.stranger.request(operation.method, f"/v1{filled(operation.path, life)}", headers=headers)
    assert answer.status_code == 401


def _foreign(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "other"})


@pytest.fixture(params=["garbage", "foreign key", "no signature", "tampered"])
def bad_token(request: pytest.FixtureRequest, life: Life) -> str:
    claims = jwt.decode(life.first.access_token, options={"verify_signature": False})
    head, body, signature = life.first.access_token.split(".")
    made: dict[str, Callable[[], str]] = {
        "garbage": lambda: "not.a.token",
        "foreign key": lambda: _foreign(claims),
        "no signature": lambda: jwt.encode(claims, None, "none"),
        "tampered": lambda: ".".join([head, body, ("A" if signature[0] != "A" else "B") + signature[1:]]),
    }
    return made[request.param]()
