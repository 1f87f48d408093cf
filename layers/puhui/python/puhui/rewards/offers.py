"""What operators and merchants do with rewards: propose, publish, change, close, and tell what became of donations."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.kernel import clock, ids
from puhui.kernel.errors import Forbidden, IdempotencyKeyReused
from puhui.kernel.pages import Page
from puhui.ledger.api import Ledger
from puhui.merchants.api import (
    MANAGER,
    OWNER,
    Merchants,
    OwnMerchant,
    Picture,
    PictureState,
    require_active,
)
from puhui.partners.api import Partners, find_partner, require_item
from puhui.programmes.api import programme
from puhui.rewards import model, stock
from puhui.rewards.dynamo import Rewards
from puhui.rewards.errors import (
    ProposerMayNotPublish,
    ReportsForDonations,
    RequestDone,
    RewardChanged,
    RewardIdTaken,
    RewardInvalid,
    RewardNotFound,
    RewardNotProposed,
)
from puhui.rewards.model import CLOSED, DONATION, ON_SALE, PROPOSED, Offer, Reward
from puhui.rewards.terms import require_kind
from puhui.rewards.usecases import Shelf
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt

REPORTS_OWN = "operator"  # who tells of the projects that the programme runs itself
CLOSING_SHARDS = 10  # emptied at a time: with their money they fit one small transaction


def put_reward(
    wanted: Reward, *, rewards: Rewards, ledger: Ledger | None = None, now: datetime | None = None
) -> Reward:
    """Offer a reward, or change one: terms apply from then on, more stock is added to what is left, and the sponsor's money
    for it is set aside in the same transaction. The same again changes nothing.

    Raises RewardIdTaken (also for a merchant's proposal), RewardShrinks, RewardTermsFixed, NotEnough (the budget holds less).
    """

    def build(session: Session) -> Reward:
        standing = rewards.reward(wanted.id)
        if standing and standing.state == PROPOSED:  # whoever publishes a proposal has not written it
            raise RewardIdTaken(programme_id=standing.programme_id)
        reward = model.revised(standing, wanted)
        if reward != standing:
            more = reward.stock - (standing.stock if standing and not standing.turned_down else 0)
            _write(session, reward, more, rewards, ledger, now)
        return reward

    return attempt(rewards.dynamodb, build)


def _write(
    session: Session, reward: Reward, more: int, rewards: Rewards, ledger: Ledger | None, now: datetime | None
) -> None:
    rewards.add_reward(session, reward)
    rewards.add_stock(session, reward.id, stock.split(more, reward.shards))
    if reward.fen and more:
        if ledger is None or now is None:
            raise RewardInvalid(
                field="sponsor", rule="an offer with a sponsor is put with the ledger at hand"
            )
        ledger.add(session, [model.commitment(reward, more, now)], {}, clock.programme_day(now))


def require_givers(wanted: Reward, by: str = "", *, merchants: Merchants, partners: Partners) -> None:
    """Raise MerchantNotFound, PartnerNotFound, ItemUnknown, RewardInvalid unless who gives it belongs to the reward's programme: nobody
    would settle it otherwise; OwnMerchant when ``by``, who decides about it, works there."""
    if wanted.merchant_id:
        standing = merchants.find_standing(wanted.merchant_id)
        if standing.programme_id != wanted.programme_id:
            raise RewardInvalid(field="merchant_id", rule="a merchant of the same programme")
        if not model.overlap(wanted.regions, standing.regions):
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
    request_id = ids.key_id(member_id, "propose", key) if key else ids.new_id(now)

    def build(session: Session) -> Reward:
        if key and (done := rewards.request(member_id, request_id)):
            return _proposed(done, body_hash, rewards)
        before = rewards.reward(proposed.id)
        mine = before and before.state == PROPOSED and before.merchant_id == proposed.merchant_id
        if before and not before.turned_down and not mine:
            raise RewardIdTaken(programme_id=before.programme_id)
        reward = model.revised(before, proposed)
        if key:
            rewards.add_request(session, member_id, request_id, body_hash, reward.id, reward.id)
        if reward != before:
            writers = [*(before.proposed_by.split() if before and mine else ()), member_id]
            reward = replace(reward, proposed_by=" ".join(dict.fromkeys(writers)))
            rewards.add_reward(session, reward)
        return reward

    try:
        return attempt(rewards.dynamodb, build)
    except RequestDone:  # the same request, sent twice at once
        return attempt(rewards.dynamodb, build)


def _proposed(done: Mapping[str, str], body_hash: str, rewards: Rewards) -> Reward:
    if done["body_hash"] != body_hash:
        raise IdempotencyKeyReused
    reward = rewards.reward(done["subject"])
    if reward is None:
        raise RewardNotFound
    return reward


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
        standing = rewards.reward(reward_id)
        if standing is None:
            raise RewardNotFound
        if by in standing.proposed_by.split():
            raise ProposerMayNotPublish
        if standing.state != PROPOSED:
            if standing.published_by == by:
                return standing
            raise RewardNotProposed
        if standing.version != version:
            raise RewardChanged(version=standing.version)
        if merchants.staff_of(standing.merchant_id, by):
            raise OwnMerchant
        require_active(merchants.find_standing(standing.merchant_id))
        require_kind(programme(standing.programme_id), standing.kind)
        reward = replace(standing, state=ON_SALE, published_by=by, version=standing.version + 1)
        _write(session, reward, reward.stock, rewards, ledger, now)
        return reward

    return attempt(rewards.dynamodb, build)


def close(reward_id: str, *, rewards: Rewards, ledger: Ledger, now: datetime) -> Reward:
    """Take a reward off sale for good: what is left in stock is no longer offered and the sponsor's money for it comes free.
    What was promised stays promised. Again empties what has come back meanwhile. A proposal is turned down. Raises
    RewardNotFound."""

    def shut(session: Session) -> Reward:
        standing = rewards.reward(reward_id)
        if standing is None:
            raise RewardNotFound
        if standing.state == CLOSED:
            return standing
        reward = replace(standing, state=CLOSED, version=standing.version + 1)
        rewards.add_reward(session, reward)
        return reward

    closed = attempt(rewards.dynamodb, shut)
    if closed.turned_down:
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
    standing = rewards.reward(reward_id)
    if standing is None:
        raise RewardNotFound
    left = {shard: count for shard, count in enumerate(rewards.stock(standing)) if count}
    some = dict(list(left.items())[:CLOSING_SHARDS])
    if some:
        pieces = sum(some.values())
        standing = replace(standing, stock=standing.stock - pieces, version=standing.version + 1)
        rewards.add_reward(session, standing)
        rewards.draw(session, reward_id, some)
        if standing.fen:
            back = model.commitment(standing, -pieces, now)
            ledger.add(session, [back], {}, clock.programme_day(now))
    else:  # somebody may have emptied it between the two readings
        standing = rewards.reward(reward_id) or standing
    return standing, len(some) < len(left)


def list_proposed(
    programme_id: str, limit: int, cursor: str | None, *, catalogue: Shelf, cursors: Cursors
) -> Page[Reward]:
    """A page of what merchants have proposed. Raises CursorInvalid."""
    scope = f"proposed:{programme_id}"
    page = catalogue.offers(scope, limit, cursors.read_id(scope, cursor))
    last = cursors.write_id(scope, page.cursor)
    return Page([offer.reward for offer in page.items], last)


def list_own(
    merchant_id: str,
    member_id: str,
    limit: int,
    cursor: str | None,
    *,
    catalogue: Shelf,
    merchants: Merchants,
    cursors: Cursors,
) -> Page[Offer]:
    """A page of a merchant's rewards, for its staff, whatever their state. Raises MerchantNotFound, CursorInvalid."""
    merchants.require_staff(merchant_id, member_id)
    scope = f"rewards of {merchant_id}"
    page = catalogue.offers_of_merchant(merchant_id, limit, cursors.read_id(scope, cursor))
    return Page(page.items, cursors.write_id(scope, page.cursor))


def require_reporter(
    reward_id: str, member_id: str, roles: Collection[str], *, rewards: Rewards, merchants: Merchants
) -> None:
    """Raise RewardNotFound, ReportsForDonations, MerchantNotFound, Forbidden unless the member speaks for the organisation
    that runs the project; for one that the programme runs itself, an operator does."""
    reward = rewards.reward(reward_id)
    if reward is None or reward.state == PROPOSED:
        raise RewardNotFound
    if reward.kind != DONATION:
        raise ReportsForDonations
    if not reward.merchant_id:
        if REPORTS_OWN not in roles:
            raise Forbidden
        return
    merchants.require_staff(reward.merchant_id, member_id, OWNER, MANAGER)


def report_project(
    reward_id: str,
    member_id: str,
    report: Mapping[str, Any],
    *,
    key: str | None,
    body_hash: str,
    rewards: Rewards,
    now: datetime,
) -> dict[str, Any]:
    """Tell what became of a project's donations: {text: {zh-CN, en}, points?, quantity?, unit?}, by ``require_reporter``.
    Raises IdempotencyKeyReused."""
    request_id = ids.key_id(member_id, "project report", key) if key else ids.new_id(now)
    body_hash = ids.key_id(reward_id, body_hash)  # the project stands in the path, not in the body
    report_id = ids.derived_id(now, request_id)  # reports stand in the order of their times

    def build(session: Session) -> dict[str, Any]:
        if key and (done := rewards.request(member_id, request_id)):
            if done["body_hash"] != body_hash:
                raise IdempotencyKeyReused
            return rewards.report(reward_id, done["subject"])
        item = {"id": report_id, "report": dict(report), "at": clock.to_text(now)}
        rewards.add_request(session, member_id, request_id, body_hash, report_id, reward_id)
        rewards.add_report(session, reward_id, item)
        return item

    try:
        return shown_report(attempt(rewards.dynamodb, build))
    except RequestDone:  # the same request, sent twice at once
        done = rewards.request(member_id, request_id)
        return shown_report(rewards.report(reward_id, done["subject"] if done else report_id))


def list_reports(
    reward_id: str, limit: int, cursor: str | None, *, rewards: Rewards, cursors: Cursors
) -> Page[dict[str, Any]]:
    """A page of a project's reports, newest first. Raises CursorInvalid."""
    scope = f"reports:{reward_id}"
    items, last = rewards.reports(reward_id, limit, cursors.read_id(scope, cursor))
    return Page(items, cursors.write_id(scope, last))


def shown_report(item: Mapping[str, Any]) -> dict[str, Any]:
    """The contract's ``ProjectReport``."""
    return {"id": item["id"], "at": item["at"], **item["report"]}


def texts_of(reward: Reward) -> str:
    """Everything that others will read, for the platform's content check."""
    return "\n".join([*reward.title.values(), *reward.description.values()])


def shown_own(offer: Offer, states: Mapping[Picture, PictureState]) -> dict[str, Any]:
    """The contract's ``RewardTerms`` with what is left."""
    return {**shown_terms(offer.reward, states), "stock_left": offer.stock_left}


def shown_terms(reward: Reward, states: Mapping[Picture, PictureState] | None = None) -> dict[str, Any]:
    """The contract's ``RewardTerms``: what operators and the merchant see of a reward; the pictures' states where they were
    looked up (``pictures.states_of``)."""
    told: dict[str, Any] = {
        "id": reward.id,
        "programme_id": reward.programme_id,
        "kind": reward.kind,
        "title": dict(reward.title),
        "texts": {"title": dict(reward.title)}
        | ({"description": dict(reward.description)} if reward.description else {}),
        "price_points": reward.price_points,
        "stock": reward.stock,
        "per_member_limit": reward.per_member_limit,
        "state": reward.state,
        "shards": reward.shards,
        "version": reward.version,
    }
    more = {
        "per_day_limit": reward.per_day_limit,
        "description": dict(reward.description),
        "pictures": [_shown_picture(each, (states or {}).get(each)) for each in reward.pictures],
        "regions": list(reward.regions),
        "merchant_id": reward.merchant_id,
        "partner_id": reward.partner_id,
        "queue_lanes": reward.lanes,
        "cancellable": reward.cancellable,
        "valid_days": reward.valid_days if reward.gives_coupons else None,
        "delivery": reward.delivery,
        "sponsor": {"budget_id": reward.budget_id, "fen": reward.fen} if reward.fen else None,
        "opens_at": clock.to_text(reward.opens_at) if reward.opens_at else None,
        "closes_at": clock.to_text(reward.closes_at) if reward.closes_at else None,
    }
    return told | {name: value for name, value in more.items() if value}


def _shown_picture(picture: Picture, state: PictureState | None) -> dict[str, str]:
    told = {"document_id": picture.document_id}
    if state is None:
        return told
    return told | {"state": state.state} | ({"url": state.url} if state.url else {})
