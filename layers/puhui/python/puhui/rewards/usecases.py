"""Redeeming points for rewards, and offering rewards."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from puhui.kernel import clock, ids
from puhui.kernel.pages import Page
from puhui.ledger.api import Ledger, Leg, Transfer, balance_from, member, of, points
from puhui.rewards.dynamo import Rewards, reward_from
from puhui.rewards.errors import OutOfStock, RedemptionNotFound, RedemptionStands, RewardNotFound, ShardEmpty
from puhui.rewards.model import FULFILLED, Redemption, Reward, shard_order
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt


@dataclass(frozen=True)
class Redeem:
    """A member wants ``quantity`` of a reward. ``delivery`` seals the address under the redemption's id."""

    member_id: str
    reward_id: str
    quantity: int
    key: str | None
    body_hash: str
    delivery: Callable[[str], bytes] = field(default=lambda _id: b"", repr=False)


def redeem(command: Redeem, *, rewards: Rewards, ledger: Ledger, now: datetime) -> Redemption:
    """Give points for a reward: redemption, limit, stock and points in one transaction, or nothing.

    The same key and body again give the first answer. A member's own shard of the stock is tried first, then the
    others, so that nobody is refused a piece while one is left. Raises RewardNotFound, OutOfStock, LimitReached,
    NotEnoughPoints, IdempotencyKeyReused.
    """
    redemption_id = ids.key_id(command.member_id, "redeem", command.key) if command.key else ids.new_id(now)
    item = rewards.dynamodb.get(*rewards.reward_key(command.reward_id))
    if item is None:
        raise RewardNotFound
    reward = reward_from(item)
    for shard in shard_order(command.member_id, reward.shards):
        try:
            return _redeem_from(shard, redemption_id, command, rewards, ledger, now)
        except ShardEmpty:
            continue
        except RedemptionStands:
            return get_redemption(command.member_id, redemption_id, rewards=rewards)
    raise OutOfStock


def _redeem_from(
    shard: int, redemption_id: str, command: Redeem, rewards: Rewards, ledger: Ledger, now: datetime
) -> Redemption:
    owner = member(command.member_id)

    def build(session: Session) -> Redemption:
        earlier = rewards.redemption(command.member_id, redemption_id)
        if earlier:
            raise RedemptionStands(body_hash=command.body_hash).found({"body_hash": earlier.body_hash})
        item = rewards.dynamodb.get(*rewards.reward_key(command.reward_id))
        if item is None:
            raise RewardNotFound
        reward = reward_from(item)
        place = ledger.balance_key(owner, reward.programme_id)
        balance = balance_from(owner, reward.programme_id, ledger.dynamodb.get(*place))
        transfer = _payment(reward, command, redemption_id, now)
        redemption = Redemption(
            id=redemption_id,
            member_id=command.member_id,
            programme_id=reward.programme_id,
            reward_id=reward.id,
            quantity=command.quantity,
            points=reward.price_points * command.quantity,
            status=FULFILLED,
            redeemed_at=now,
            transfer_id=transfer.id,
            body_hash=command.body_hash,
            delivery=command.delivery(redemption_id),
        )
        rewards.add_redemption(session, redemption)
        rewards.check_price(session, reward)
        rewards.take_limit(session, command.member_id, reward, command.quantity)
        rewards.take_stock(session, reward.id, shard, command.quantity)
        ledger.add(session, [transfer], of([balance]), clock.programme_day(now))
        return redemption

    return attempt(rewards.dynamodb, build)


def _payment(reward: Reward, command: Redeem, redemption_id: str, now: datetime) -> Transfer:
    """Used points are retired: nobody else gets them."""
    asset, amount = points(reward.programme_id), reward.price_points * command.quantity
    legs = (
        Leg(member(command.member_id), asset, -amount),
        Leg(f"retired:{reward.programme_id}", asset, amount),
    )
    return Transfer(ids.derived_id(now, redemption_id, "redemption"), "redemption", now, legs, redemption_id)


def get_redemption(member_id: str, redemption_id: str, *, rewards: Rewards) -> Redemption:
    """One of the member's redemptions. Raises RedemptionNotFound."""
    redemption = rewards.redemption(member_id, redemption_id)
    if redemption is None:
        raise RedemptionNotFound
    return redemption


def list_redemptions(
    member_id: str, limit: int, cursor: str | None, *, rewards: Rewards, cursors: Cursors
) -> Page[Redemption]:
    """A page of the member's redemptions, newest first."""
    scope = f"redemptions:{member_id}"
    found, last = rewards.redemptions(member_id, limit, cursors.read(scope, cursor))
    return Page(found, cursors.write(scope, last))


def put_reward(wanted: Reward, *, rewards: Rewards) -> Reward:
    """Offer a reward, or change its price, texts, limit and total stock; done twice it is done once.

    The number of shards is fixed when a reward is first offered.
    """

    def build(session: Session) -> None:
        before = rewards.dynamodb.get(*rewards.reward_key(wanted.id))
        rewards.put_reward(session, wanted, before)

    attempt(rewards.dynamodb, build)
    return wanted
