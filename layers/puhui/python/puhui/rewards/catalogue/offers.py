"""What operators and merchants do with rewards: propose, publish, change, close."""

from dataclasses import replace
from datetime import datetime

from puhui.kernel import clock
from puhui.kernel.pages import Page
from puhui.ledger.api import Ledger
from puhui.merchants.api import MANAGER, OWNER, Merchants, OwnMerchant, require_active
from puhui.partners.api import Partners, find_partner, require_item
from puhui.programmes.api import programme
from puhui.rewards.catalogue.model import (
    CLOSED,
    ON_SALE,
    PROPOSED,
    Offer,
    Reward,
    commitment,
    overlap,
    revised,
)
from puhui.rewards.catalogue.terms import require_kind
from puhui.rewards.catalogue.usecases import OfferReader
from puhui.rewards.errors import (
    ProposerMayNotPublish,
    RewardChanged,
    RewardIdTaken,
    RewardInvalid,
    RewardNotFound,
    RewardNotProposed,
)
from puhui.rewards.repositories import Rewards
from puhui.rewards.requests import Done, Request
from puhui.rewards.stock.model import split
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt

CLOSING_SHARDS = 10  # emptied at a time: with their money they fit one small transaction


def put_reward(
    wanted: Reward, *, rewards: Rewards, ledger: Ledger | None = None, now: datetime | None = None
) -> Reward:
    """Offer a reward, or change one: terms apply from then on, more stock is added to what is left, and the sponsor's money
    for it is set aside in the same transaction. The same again changes nothing.

    Raises RewardIdTaken (also for a merchant's proposal), RewardShrinks, RewardTermsFixed, NotEnough (the budget holds less).
    """

    def build(session: Session) -> Reward:
        current = rewards.catalogue.reward(wanted.id)
        if current and current.state == PROPOSED:  # whoever publishes a proposal has not written it
            raise RewardIdTaken(programme_id=current.programme_id)
        reward = revised(current, wanted)
        if reward != current:
            more = reward.stock - (current.stock if current and not current.was_rejected else 0)
            _write(session, reward, more, rewards, ledger, now)
        return reward

    return attempt(rewards.dynamodb, build)


def _write(
    session: Session, reward: Reward, more: int, rewards: Rewards, ledger: Ledger | None, now: datetime | None
) -> None:
    rewards.catalogue.add(session, reward)
    rewards.stock.add(session, reward.id, split(more, reward.shards))
    if reward.fen and more:
        if ledger is None or now is None:
            raise RewardInvalid(
                field="sponsor", rule="an offer with a sponsor is put with the ledger at hand"
            )
        ledger.add(session, [commitment(reward, more, now)], {}, clock.programme_day(now))


def _find(reward_id: str, rewards: Rewards) -> Reward:
    if (reward := rewards.catalogue.reward(reward_id)) is None:
        raise RewardNotFound
    return reward


def require_givers(wanted: Reward, by: str = "", *, merchants: Merchants, partners: Partners) -> None:
    """Raise MerchantNotFound, PartnerNotFound, ItemUnknown, RewardInvalid unless merchant and partner belong to the reward's programme:
    nobody would settle it otherwise. OwnMerchant when ``by``, who decides about it, works there."""
    if wanted.merchant_id:
        merchant = merchants.find_standing(wanted.merchant_id)
        if merchant.programme_id != wanted.programme_id:
            raise RewardInvalid(field="merchant_id", rule="a merchant of the same programme")
        if not overlap(wanted.regions, merchant.regions):
            raise RewardInvalid(field="regions", rule="where the merchant is")
        if by and merchants.staff_of(wanted.merchant_id, by):
            raise OwnMerchant
    if wanted.partner_id:
        partner = find_partner(wanted.partner_id, partners=partners)
        if partner.programme_id != wanted.programme_id:
            raise RewardInvalid(field="partner_id", rule="a partner of the same programme")
        require_item(partner, wanted.partner_item or wanted.id)


def require_proposer(wanted: Reward, member_id: str, *, merchants: Merchants) -> None:
    """Raise MerchantNotFound, Forbidden, MerchantSuspended, RewardInvalid unless the member may propose for this merchant."""
    if not wanted.merchant_id:
        raise RewardInvalid(field="merchant_id", rule="the merchant that proposes it")
    merchants.require_staff(wanted.merchant_id, member_id, OWNER, MANAGER)
    require_active(merchants.find_standing(wanted.merchant_id))


def propose(
    wanted: Reward,
    member_id: str,
    *,
    key: str | None = None,
    body_hash: str = "",
    rewards: Rewards,
    now: datetime,
) -> Reward:
    """A merchant proposes a reward (``require_proposer``); nobody sees it before an operator publishes it, and it may be
    changed until then. Raises RewardIdTaken, IdempotencyKeyReused."""
    proposed = replace(wanted, state=PROPOSED, proposed_by=member_id)
    request = Request.of(member_id, "propose", key, body_hash, now)

    def build(session: Session) -> Reward:
        before = rewards.catalogue.reward(proposed.id)
        mine = before and before.state == PROPOSED and before.merchant_id == proposed.merchant_id
        if before and not before.was_rejected and not mine:
            raise RewardIdTaken(programme_id=before.programme_id)
        reward = revised(before, proposed)
        if key:
            rewards.requests.add(session, request, reward.id, reward.id)
        if reward != before:
            writers = [*(before.proposed_by.split() if before and mine else ()), member_id]
            reward = replace(reward, proposed_by=" ".join(dict.fromkeys(writers)))
            rewards.catalogue.add(session, reward)
        return reward

    def first_answer(done: Done) -> Reward:
        return _find(done.subject, rewards)

    return rewards.requests.once(request, build, first_answer)


def publish(
    reward_id: str,
    version: int,
    by: str,
    *,
    rewards: Rewards,
    ledger: Ledger,
    merchants: Merchants,
    now: datetime,
) -> Reward:
    """Put a proposed reward on sale as it was read (``version``), its sponsor's money set aside; by somebody who wrote none of
    it and does not work for the merchant. Again changes nothing.

    Raises RewardNotFound, RewardNotProposed, RewardChanged, ProposerMayNotPublish, OwnMerchant, MerchantSuspended, RewardKindNotOffered,
    NotEnough.
    """

    def build(session: Session) -> Reward:
        current = _find(reward_id, rewards)
        if by in current.proposed_by.split():
            raise ProposerMayNotPublish
        if current.state != PROPOSED:
            if current.published_by == by:
                return current
            raise RewardNotProposed
        if current.version != version:
            raise RewardChanged(version=current.version)
        if merchants.staff_of(current.merchant_id, by):
            raise OwnMerchant
        require_active(merchants.find_standing(current.merchant_id))
        require_kind(programme(current.programme_id), current.kind)
        reward = replace(current, state=ON_SALE, published_by=by, version=current.version + 1)
        _write(session, reward, reward.stock, rewards, ledger, now)
        return reward

    return attempt(rewards.dynamodb, build)


def close(reward_id: str, *, rewards: Rewards, ledger: Ledger, now: datetime) -> Reward:
    """Take a reward off sale for good: what is left in stock is no longer offered and the sponsor's money for it comes free.
    What was promised is still given. Again empties what has come back meanwhile. A proposal is rejected. Raises
    RewardNotFound."""

    def shut(session: Session) -> Reward:
        current = _find(reward_id, rewards)
        if current.state == CLOSED:
            return current
        reward = replace(current, state=CLOSED, version=current.version + 1)
        rewards.catalogue.add(session, reward)
        return reward

    closed = attempt(rewards.dynamodb, shut)
    if closed.was_rejected:
        return closed
    while True:
        reward, more = attempt(
            rewards.dynamodb, lambda session: _empty(session, reward_id, rewards, ledger, now)
        )
        if not more:
            return reward


def _empty(
    session: Session, reward_id: str, rewards: Rewards, ledger: Ledger, now: datetime
) -> tuple[Reward, bool]:
    current = _find(reward_id, rewards)
    left = {shard: count for shard, count in enumerate(rewards.stock.left(current)) if count}
    some = dict(list(left.items())[:CLOSING_SHARDS])
    if some:
        pieces = sum(some.values())
        current = replace(current, stock=current.stock - pieces, version=current.version + 1)
        rewards.catalogue.add(session, current)
        rewards.stock.draw(session, reward_id, some)
        if current.fen:
            back = commitment(current, -pieces, now)
            ledger.add(session, [back], {}, clock.programme_day(now))
    else:  # somebody may have emptied it between the two readings
        current = rewards.catalogue.reward(reward_id) or current
    return current, len(some) < len(left)


def list_proposed(
    programme_id: str, limit: int, cursor: str | None, *, listing: OfferReader, cursors: Cursors
) -> Page[Reward]:
    """A page of what merchants have proposed. Raises CursorInvalid."""
    scope = f"proposed:{programme_id}"
    page = listing.offers(scope, limit, cursors.read_id(scope, cursor))
    last = cursors.write_id(scope, page.cursor)
    return Page([offer.reward for offer in page.items], last)


def list_own(
    merchant_id: str,
    member_id: str,
    limit: int,
    cursor: str | None,
    *,
    listing: OfferReader,
    merchants: Merchants,
    cursors: Cursors,
) -> Page[Offer]:
    """A page of a merchant's rewards, for its staff, whatever their state. Raises MerchantNotFound, CursorInvalid."""
    merchants.require_staff(merchant_id, member_id)
    scope = f"rewards of {merchant_id}"
    page = listing.offers_of_merchant(merchant_id, limit, cursors.read_id(scope, cursor))
    return Page(page.items, cursors.write_id(scope, page.cursor))


def texts_of(reward: Reward) -> str:
    """Everything that others will read, for the platform's content check."""
    return "\n".join([*reward.title.values(), *reward.description.values()])
