"""What an erased member redeemed: what waits is given back, what says where to goes, and the books add up. On a real table."""

from datetime import UTC, datetime

from puhui.ledger.audit import audit
from puhui.rewards import erasing
from puhui.rewards.redemptions.model import CANCELLED, FULFILLED
from puhui.store.client import DynamoDB
from tests.contracts.privacy.conftest import until_done
from tests.contracts.rewards.conftest import Shop
from tests.contracts.rewards.test_delivery import order, send, waiting

NOW = datetime(2026, 12, 20, tzinfo=UTC)


def test_what_waits_is_given_back_and_addresses_go(shop: Shop):
    shop.put(per_member_limit=None, delivery="address")
    me, other = shop.member(2_000), shop.member(500)
    unsent, sent = order(shop, me, "1"), order(shop, me, "2")
    send(shop, sent)
    theirs = order(shop, other, "3")
    points = shop.points(me)

    def erase(db: DynamoDB) -> None:
        rewards, ledger = shop.connect(db)
        erasing.erase_member(me, NOW, rewards=rewards, ledger=ledger)

    assert until_done(erase) >= 2
    found = {each.id: each for each in shop.redemptions(me)}
    assert found.keys() == {unsent.id, sent.id}
    assert (found[unsent.id].status, found[sent.id].status) == (CANCELLED, FULFILLED)
    whole = {each: shop.rewards.redemptions.find(me, each) for each in found}
    assert all((each.delivery, each.voucher, each.body_hash) == (b"", b"", "") for each in whole.values())
    assert shop.points(me) == points + 500
    assert waiting(shop) == [theirs.id]
    assert shop.rewards.redemptions.find(other, theirs.id).delivery != b""
    assert audit(shop.ledger).sound


def test_a_place_in_a_queue_is_given_up(shop: Shop):
    shop.put(per_member_limit=None, queue_lanes=2)
    me = shop.member(2_000)
    ticket = shop.redeem(me)
    assert ticket.status == "queued"
    erasing.erase_member(me, NOW, rewards=shop.rewards, ledger=shop.ledger)
    assert shop.rewards.redemptions.find(me, ticket.id).status == CANCELLED
    assert shop.taken(me, "Q#cola") is None
