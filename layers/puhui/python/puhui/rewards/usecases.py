"""What can be done with rewards: read the catalogue, redeem, look back, and put a reward (operators)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from puhui.kernel import clock, ids
from puhui.kernel.errors import Conflict, IdempotencyKeyReused
from puhui.kernel.pages import Page
from puhui.ledger.api import Ledger, TransferPosted, of
from puhui.programmes.api import programme
from puhui.rewards import model
from puhui.rewards.dynamo import Counter, Rewards
from puhui.rewards.errors import RedemptionMade, RedemptionNotFound, RewardNotFound
from puhui.rewards.model import Offer, Redemption, Reward
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt


class Shelf(Protocol):
    """Where offers are read: ``catalogue.Catalogue``, which redeeming does not load."""

    def offer(self, reward_id: str) -> Offer | None: ...
    def offers(self, programme_id: str, limit: int, start: str | None) -> Page[Offer]: ...


@dataclass(frozen=True)
class Redeem:
    """A member wants ``quantity`` pieces. ``key``: the client's own name for this request, if it gave one;
    ``delivery`` seals the address under the redemption's id."""

    member_id: str
    reward_id: str
    quantity: int
    key: str | None
    body_hash: str
    delivery: Callable[[str], bytes] = field(default=lambda _id: b"", repr=False)


def list_rewards(
    programme_id: str, limit: int, cursor: str | None, *, catalogue: Shelf, cursors: Cursors
) -> Page[Offer]:
    """A page of a programme's rewards. Raises ProgrammeNotFound, CursorInvalid."""
    programme(programme_id)
    scope = f"rewards:{programme_id}"
    position = cursors.read(scope, cursor)
    page = catalogue.offers(programme_id, limit, position["id"] if position else None)
    return Page(page.items, cursors.write(scope, {"id": page.cursor} if page.cursor else None))


def get_reward(reward_id: str, *, catalogue: Shelf) -> Offer:
    """One reward and what is left of it. Raises RewardNotFound."""
    if (offer := catalogue.offer(reward_id)) is None:
        raise RewardNotFound
    return offer


def redeem(command: Redeem, *, rewards: Rewards, ledger: Ledger, now: datetime) -> Redemption:
    """Points, stock, limit and redemption change together or not at all; the same request again gives the first answer.

    Raises QuantityInvalid, RewardNotFound, LimitReached, OutOfStock, NotEnoughPoints, IdempotencyKeyReused.
    """
    model.require_quantity(command.quantity)
    redemption_id = ids.key_id(command.member_id, "redeem", command.key) if command.key else ids.new_id(now)

    def build(session: Session) -> Redemption:
        counter = rewards.counter(command.member_id, redemption_id, command.reward_id, ledger)
        if counter.redemption:
            return _first(counter.redemption, command)
        return _add(session, command, redemption_id, counter, rewards=rewards, ledger=ledger, now=now)

    refused: Conflict | None = None
    try:
        return attempt(rewards.dynamodb, build)
    except (RedemptionMade, TransferPosted):
        pass
    except Conflict as error:
        # The same request, sent twice at once: this one may have read what the other one left of balance and stock.
        refused = error
    standing = rewards.redemption(command.member_id, redemption_id)
    if standing is None:
        raise refused or RedemptionNotFound
    return _first(standing, command)


def list_redemptions(
    member_id: str, limit: int, cursor: str | None, *, rewards: Rewards, cursors: Cursors
) -> Page[Redemption]:
    """A page of the member's redemptions, newest first: one query. Raises CursorInvalid."""
    scope = f"redemptions:{member_id}"
    items, position = rewards.redemptions(member_id, limit, cursors.read(scope, cursor))
    return Page(items, cursors.write(scope, position))


def get_redemption(member_id: str, redemption_id: str, *, rewards: Rewards) -> Redemption:
    """One of the member's redemptions. Raises RedemptionNotFound, for somebody else's too."""
    if (redemption := rewards.redemption(member_id, redemption_id)) is None:
        raise RedemptionNotFound
    return redemption


def put_reward(wanted: Reward, *, rewards: Rewards) -> Reward:
    """Offer a reward, or change one: terms apply from then on, more stock is added to what is left.

    The same again changes nothing. Raises RewardIdTaken, RewardShrinks.
    """

    def build(session: Session) -> Reward:
        standing = rewards.reward(wanted.id)
        reward = model.revised(standing, wanted)
        if reward != standing:
            rewards.add_reward(session, reward)
            more = reward.stock - (standing.stock if standing else 0)
            rewards.add_stock(session, reward.id, model.split(more, reward.shards))
        return reward

    return attempt(rewards.dynamodb, build)


def shown_offer(offer: Offer) -> dict[str, Any]:
    """The contract's ``Reward``."""
    reward = offer.reward
    return {
        "id": reward.id,
        "programme_id": reward.programme_id,
        "kind": reward.kind,
        "title": dict(reward.title),
        "price_points": reward.price_points,
        "stock_left": offer.stock_left,
        "per_member_limit": reward.per_member_limit,
    }


def shown(redemption: Redemption) -> dict[str, Any]:
    """The contract's ``Redemption``, with what it cost and what it was called at that time."""
    return {
        "id": redemption.id,
        "reward_id": redemption.reward_id,
        "quantity": redemption.quantity,
        "status": redemption.status,
        "points": redemption.points,
        "title": dict(redemption.title),
        "redeemed_at": clock.to_text(redemption.redeemed_at),
    }


def _add(
    session: Session,
    command: Redeem,
    redemption_id: str,
    counter: Counter,
    *,
    rewards: Rewards,
    ledger: Ledger,
    now: datetime,
) -> Redemption:
    reward, quantity = counter.reward, command.quantity
    made = model.redemption_of(
        reward,
        command.member_id,
        redemption_id,
        quantity,
        command.body_hash,
        command.delivery(redemption_id),
        now,
    )
    rewards.add_redemption(session, made)
    if reward.per_member_limit is not None:
        rewards.count_taken(session, made, reward.per_member_limit)
    if counter.left >= quantity:
        draws = {counter.home: quantity}
    else:
        left = [counter.left] if reward.shards == 1 else rewards.stock(reward)
        draws = model.draws(left, counter.home, quantity)
    rewards.draw(session, reward.id, draws)
    ledger.add(session, [model.spending(made)], of([counter.balance]), clock.programme_day(now))
    return made


def _first(standing: Redemption, command: Redeem) -> Redemption:
    if standing.body_hash != command.body_hash:
        raise IdempotencyKeyReused
    return standing
