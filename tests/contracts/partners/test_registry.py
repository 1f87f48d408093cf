"""Partners and their secrets, on real tables."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag

from puhui.partners import signing, usecases
from puhui.partners.errors import (
    PartnerIdTaken,
    PartnerInvalid,
    PartnerNotFound,
    SecretEnded,
    SignatureInvalid,
)
from puhui.partners.model import Partner
from puhui.store import values
from tests.contracts.partners.conftest import NOW, Registry

DAY = timedelta(hours=24)
BODY = b'{"status":"issued"}'


@pytest.fixture
def registry(engine: str, make_registry: Callable[[], Registry]) -> Registry:
    return make_registry()


def believes(registry: Registry, secret: str, after: timedelta = timedelta()) -> bool:
    """Whether what is signed with ``secret`` is the partner's at that time."""
    at = NOW + after
    signed = signing.headers("answer-1", BODY, [signing.key_of(secret)], at)
    try:
        usecases.verify(registry.find(), signed, BODY, at, partners=registry.partners)
    except SignatureInvalid:
        return False
    return True


def test_a_partner_is_registered_changed_and_found(registry: Registry):
    partner, is_new = registry.put(items=["T-1", "T-2", "T-1"])
    assert is_new
    assert partner.items == ("T-1", "T-2")
    assert registry.find() == partner
    changed, is_new = registry.put(url="https://cinema.example/v2/", answer_within_seconds=60)
    assert (is_new, changed.version) == (False, 2)
    assert registry.find() == changed
    assert (changed.url, changed.items) == ("https://cinema.example/v2", ())


def test_the_same_again_changes_nothing(registry: Registry):
    first, _ = registry.put()
    assert registry.put() == (first, False)


def test_a_partner_stays_in_its_programme(registry: Registry):
    partner, _ = registry.put()
    with pytest.raises(PartnerIdTaken):
        registry.put(programme_id="ant-forest")
    assert registry.find() == partner


def test_an_address_inside_is_refused_and_nothing_is_kept(registry: Registry):
    with pytest.raises(PartnerInvalid):
        registry.put(url="https://169.254.169.254/latest")
    with pytest.raises(PartnerNotFound):
        registry.find()


def test_a_secret_is_sealed_and_not_shown(registry: Registry):
    registry.put()
    secret = registry.add_secret()
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    partner = registry.find()
    item = registry.partners.dynamodb.get(registry.partners.table, {"owner": "cinema", "entry": "partner"})
    assert item
    for place in (
        str(values.encode_item(item)),
        str(item),
        repr(partner),
        str(usecases.partner_body(partner, NOW)),
    ):
        assert secret not in place
        assert secret.removeprefix("whsec_") not in place
    assert registry.partners.opened(partner, partner.secrets[0]) == secret


def test_a_secret_moved_to_another_partner_does_not_open(registry: Registry):
    registry.put()
    registry.put("theatre")
    registry.add_secret()
    stolen = Partner(**{**vars(registry.find("theatre")), "secrets": registry.find().secrets})
    with pytest.raises(InvalidTag):
        registry.partners.keys(stolen, NOW)


def test_both_secrets_live_for_a_day_after_a_change(registry: Registry):
    registry.put()
    old, new = registry.add_secret(), registry.add_secret()
    assert old != new
    assert believes(registry, old, DAY - timedelta(seconds=1))
    assert not believes(registry, old, DAY)
    assert believes(registry, new, 365 * DAY)
    signed = signing.headers("order-1", BODY, registry.partners.keys(registry.find(), NOW), NOW)
    assert len(signed["webhook-signature"].split(" ")) == 2
    assert len(registry.partners.keys(registry.find(), NOW + DAY)) == 1


def test_at_most_two_live_so_a_secret_that_leaked_is_gone_after_two_changes(registry: Registry):
    registry.put()
    leaked, second, third = (registry.add_secret() for _ in range(3))
    assert [believes(registry, secret) for secret in (leaked, second, third)] == [False, True, True]
    assert len(usecases.partner_body(registry.find(), NOW)["secrets"]) == 2


def test_a_change_of_the_partner_leaves_its_secrets(registry: Registry):
    registry.put()
    secret = registry.add_secret()
    registry.put(url="https://cinema.example/elsewhere")
    assert believes(registry, secret)


def test_a_partner_without_a_secret_is_not_believed(registry: Registry):
    registry.put()
    assert not believes(registry, signing.secret_text(bytes(32)))


def test_a_request_that_is_repeated_makes_one_secret(registry: Registry):
    registry.put()
    first = registry.add_secret("key-1")
    assert registry.add_secret("key-1", now=NOW + timedelta(days=3)) == first
    assert len(registry.find().secrets) == 1
    assert registry.add_secret("key-1", by="operator-2") != first


def test_a_late_repetition_does_not_bring_an_ended_secret_back_or_make_a_new_one(registry: Registry):
    registry.put()
    registry.add_secret("key-1")
    registry.add_secret("key-2")
    standing = registry.find()
    with pytest.raises(SecretEnded):
        registry.add_secret("key-1", now=NOW + DAY)
    registry.add_secret("key-3")
    with pytest.raises(SecretEnded):
        registry.add_secret("key-1")
    assert registry.find().secrets[1].id == standing.secrets[0].id


def test_the_same_request_sent_at_once_makes_one_secret(registry: Registry):
    registry.put()
    with ThreadPoolExecutor(6) as pool:
        made = set(pool.map(lambda _: registry.add_secret("key-1"), range(6)))
    assert len(made) == 1
    assert len(registry.find().secrets) == 1


def test_changes_and_secrets_at_once_lose_nothing(registry: Registry):
    registry.put()
    with ThreadPoolExecutor(4) as pool:
        urls = [pool.submit(registry.put, url=f"https://cinema.example/{n}") for n in range(3)]
        secret = pool.submit(registry.add_secret).result()
        assert {url.result()[0].version for url in urls} <= {2, 3, 4, 5}
    assert registry.find().version == 5
    assert believes(registry, secret)


def test_a_secret_of_the_partners_own_making_is_taken(registry: Registry):
    registry.put()
    own = signing.secret_text(bytes(range(24)))
    assert registry.add_secret(given=own) == own
    assert believes(registry, own)


def test_nobody_gets_a_secret_for_a_partner_that_is_not_there(registry: Registry):
    with pytest.raises(PartnerNotFound):
        registry.add_secret("key-1")
