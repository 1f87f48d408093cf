"""What operators get from the functions, on a real table."""

from collections.abc import Callable

import pytest

from puhui.partners import signing
from puhui.partners.repository import Partners
from tests.contracts.partners.conftest import Registry
from tests.support import gateway
from tests.support.gateway import Answer, call

BODY = {
    "programme_id": "carbon-88",
    "name": {"zh-CN": "影院", "en": "Cinema"},
    "url": "https://cinema.example/puhui",
    "answer_within_seconds": 3600,
    "items": ["T-1"],
}
PATH = {"partner_id": "cinema"}


@pytest.fixture(autouse=True)
def partners(
    function_environment: None, make_registry: Callable[[], Registry], monkeypatch: pytest.MonkeyPatch
) -> Partners:
    monkeypatch.delenv("PROGRAMMES_TABLE")  # the programmes that ship with the layer are enough
    made = make_registry().partners
    for operation in ("put_partner", "get_partner", "add_partner_secret"):
        monkeypatch.setattr(gateway.handler(operation), "PARTNERS", made)
    return made


def put(body: object = None, role: str = "operator") -> Answer:
    return call("put_partner", member="OPERATOR", roles=("member", role), path=PATH, body=body or BODY)


def get(role: str = "operator") -> Answer:
    return call("get_partner", member="OPERATOR", roles=("member", role), path=PATH)


def add_secret(key: str, role: str = "operator") -> Answer:
    roles = ("member", role)
    headers = {"Idempotency-Key": key}
    return call("add_partner_secret", member="OPERATOR", roles=roles, path=PATH, headers=headers)


def test_a_partner_is_registered_then_changed():
    assert get().status == 404
    first = put()
    assert (first.status, first.json) == (201, {"id": "cinema", **BODY, "name": "影院", "secrets": []})
    assert put(BODY | {"answer_within_seconds": 60}).status == 200
    assert get().json["answer_within_seconds"] == 60


def test_a_secret_is_shown_to_whoever_asked_for_it_and_to_nobody_afterwards(partners: Partners):
    put()
    made = add_secret("key-1")
    assert made.status == 201
    assert add_secret("key-1").json == made.json
    read = get()
    assert [set(secret) for secret in read.json["secrets"]] == [{"id", "made_at"}]
    assert made.json["secret"].removeprefix("whsec_") not in read.text
    partner = partners.partner("cinema")
    assert partner
    assert signing.key_of(partners.opened(partner, partner.secrets[0])) == signing.key_of(made.json["secret"])
    add_secret("key-2")
    assert ["until" in secret for secret in get().json["secrets"]] == [False, True]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"programme_id": "nowhere"}, 404, "PROGRAMME_NOT_FOUND"),
        ({"url": "https://10.0.0.1/"}, 422, "PARTNER_INVALID"),
        ({"url": "ftp://cinema.example"}, 400, "INVALID_REQUEST"),
        ({"answer_within_seconds": 9}, 400, "INVALID_REQUEST"),
        ({"answer_within_seconds": 604801}, 400, "INVALID_REQUEST"),
        ({"secret": "whsec_mine"}, 400, "INVALID_REQUEST"),
        ({"items": ["a b"]}, 400, "INVALID_REQUEST"),
        ({"name": {"zh-CN": "影\x7f院", "en": "Cinema"}}, 400, "INVALID_REQUEST"),
        ({"name": {"zh-CN": "影院", "en": "\ud800"}}, 400, "INVALID_REQUEST"),
    ],
)
def test_a_partner_that_breaks_a_rule_is_refused(changes: dict[str, object], status: int, code: str):
    answer = put(BODY | changes)
    assert (answer.status, answer.json["code"]) == (status, code)


def test_operators_only():
    put()
    for answer in (put(role="merchant"), get("merchant"), add_secret("key-1", "merchant")):
        assert answer.status == 403
    assert get().json["secrets"] == []


def test_a_secret_for_nobody():
    assert add_secret("key-1").status == 404
