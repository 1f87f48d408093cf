"""The rewards' table: the file that knows its keys (catalogue.py maps the first two rows for reading, items.py the attributes).

| item       | owner (hash)        | entry (range)           | holds |
|------------|---------------------|-------------------------|-------|
| reward     | reward:<id>         | reward                  | terms, state, stock, shards, lanes, v; programme_id while it is listed |
| stock      | stock:<id>:<shard>  | stock                   | stock_left; mark: of the last report that has counted it |
| lane       | lane:<id>:<lane>    | lane                    | issued, serving: numbers of the queue's tickets |
| report     | reward:<id>         | R#<report id>           | what became of a project's donations |
| redemption | member:<id>         | X#<redemption id>       | the redemption, body_hash, transfer_id |
| limit      | member:<id>         | L#<reward>, L#<reward>#<day> | taken |
| places     | member:<id>         | Q#<reward>              | open: the member's tickets in the reward's queue |
| coupon     | member:<id>         | K#<redemption id>-<n>   | the coupon, code |
| order      | order:<redemption>  | order                   | member_id, partner_id: whose order it is at the partner's |
| to send    | sending:<reward>:<n> | O#<redemption id>      | member_id: whose good the programme has to send |
| sent       | sending:<reward>:<n> | S#<redemption id>      | member_id; expires_at (TTL) |
| handed on  | member:<id>         | G#<redemption id>-<n>   | holder: who has a coupon now that this member redeemed |
| notice     | member:<id>         | N#<redemption id>, N#<redemption id>-return-<second> | told: the member has had the message |
| request    | member:<id>         | V#<request id>          | body_hash, subject, place: what came of a request, by its key |

Indexes: ``rewards_by_programme`` (programme_id, reward_id): only rewards that are listed carry programme_id, proposed ones
as ``proposed:<programme>``. ``redemptions_by_time`` (owner, transfer_id): only redemptions carry transfer_id, a ULID of the
time they were made. ``coupons_by_code`` (code). ``dues`` (due_to, due_id): used coupons, donations and fulfilled orders of
partners, for settlements; unsettled ones under ``<merchant>:<shard>``, claimed ones under ``S:<settlement>:<merchant>``.
``ends`` (ends_in, ends_at): what has to be looked after at a time, in 16 shards.
A stock's shards stand in partitions of their own, so that no partition gets all of a rush.
"""

import os
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.kernel import clock, ids
from puhui.kernel.errors import Unavailable
from puhui.ledger.api import Balance, Ledger, balance_from, member
from puhui.merchants.api import Standing, merchant_key, standing_from
from puhui.rewards.errors import (
    CouponMoved,
    DayLimitReached,
    DueClaimed,
    KeyStands,
    LimitReached,
    RedemptionMoved,
    RedemptionStands,
    RewardMoved,
    RewardNotFound,
    ShardMoved,
    TicketsOpen,
)
from puhui.rewards.items import (
    coupon_from,
    coupon_item,
    due_from,
    redemption_from,
    redemption_item,
    reward_from,
    reward_item,
)
from puhui.rewards.model import QUEUED, Coupon, Due, Redemption, Reward
from puhui.rewards.stock import home_shard
from puhui.store.client import ConditionFailed, DynamoDB, Key
from puhui.store.session import Moved, Session
from puhui.store.values import Item

BY_TIME, BY_CODE, DUES, ENDS = "redemptions_by_time", "coupons_by_code", "dues", "ends"
TERMS_SECONDS = 1.0
READS_MAX = 100  # keys of one BatchGetItem
TICKETS_OPEN_MAX = 20  # of one member in one reward's queue
PLACES_SECONDS = 86_400
SENDING_SHARDS = 16  # of what the programme has to send: 8,000 a second
SENT_SECONDS = 90 * 86_400
DAY_LIMIT_SECONDS = 3 * 86_400  # a day's counter goes by itself
MARKINGS_MAX = 12  # of one reward's stock by one report, which others or a change of the offer cut off
MARKED_AGAIN = "+"  # makes a mark a later one


@dataclass(frozen=True)
class Counter:
    """What a redemption is decided on: the redemption itself if it stands already; the reward, the pieces in the
    member's own shard and its mark, the member's balance, and how the merchant stands (None: there is no merchant)."""

    redemption: Redemption | None
    reward: Reward
    home: int
    left: int
    mark: str
    balance: Balance
    merchant: Standing | None


class Rewards:
    """Rewards, stock, limits, redemptions and coupons in one table."""

    def __init__(self, dynamodb: DynamoDB, table: str, merchants_table: str = "") -> None:
        self.dynamodb = dynamodb
        self.table = table
        self.merchants_table = merchants_table
        # Programme, shards and merchant of rewards as this process saw them last. Only tells where to look: all are checked
        # against the reward that is read along, so that a stale entry costs a second read and nothing else.
        self._seen: dict[str, tuple[str, int, str]] = {}
        self._terms: dict[str, tuple[float, Reward, Standing | None]] = {}  # of rewards with a queue

    @classmethod
    def from_environment(cls) -> "Rewards":
        """The tables that the environment variables REWARDS_TABLE and MERCHANTS_TABLE name."""
        return cls(DynamoDB(), os.environ["REWARDS_TABLE"], os.environ.get("MERCHANTS_TABLE", ""))

    # Reading

    def reward(self, reward_id: str) -> Reward | None:
        """The reward as it stands now."""
        item = self.dynamodb.get(*self._reward_key(reward_id))
        return reward_from(item) if item else None

    def rewards_of(self, reward_ids: list[str]) -> dict[str, Reward]:
        """At most 100 rewards by their ids; those that do not exist are left out."""
        items = self.dynamodb.get_all([self._reward_key(reward_id) for reward_id in reward_ids])
        return {item["reward_id"]: reward_from(item) for item in items if item}

    def stock(self, reward: Reward) -> list[int]:
        """The pieces left in each shard, in one read."""
        items = self.dynamodb.get_all([self._stock_key(reward.id, shard) for shard in range(reward.shards)])
        return [_left(item) for item in items]

    def stock_for(self, reward: Reward, quantity: int) -> tuple[list[int], str]:
        """The pieces left in each shard, and the latest of their marks. Shards are read one by one, so that pieces which move
        meanwhile may be seen in none: where they seem to be too few, a second reading has to say the same. Raises Moved."""
        items = self.dynamodb.get_all([self._stock_key(reward.id, shard) for shard in range(reward.shards)])
        left = [_left(item) for item in items]
        if sum(left) < quantity and self.stock(reward) != left:
            raise Moved
        return left, max(map(_mark, items))

    def mark_stock(self, reward_id: str, mark: str) -> tuple[Reward, int, str] | None:
        """Count a reward's pieces as they stand at one moment: the reward, what is left of it, and the mark, ``mark`` or a later
        one, that its stock bears from then on. Whatever was taken or came back before bears an earlier mark, all after it this one
        or a later one (``draw``, ``give_back``); pieces are offered and withdrawn under versions of the reward. None: there is no
        such reward. Raises Unavailable."""
        for _ in range(MARKINGS_MAX):
            if (before := self.reward(reward_id)) is None:
                return None
            left, latest = self._mark_shards(before, mark)
            after = self.reward(reward_id)
            if not latest and after and (after.version, after.shards) == (before.version, before.shards):
                return after, left, mark
            mark = max(mark, latest) + MARKED_AGAIN
        raise Unavailable

    def _mark_shards(self, reward: Reward, mark: str) -> tuple[int, str]:
        """What is left, shard by shard; and the mark of one that bears this or a later one already, where there is one."""
        left = 0
        for shard in range(reward.shards):
            try:
                item = self.dynamodb.update(
                    *self._stock_key(reward.id, shard),
                    "SET mark = :mark ADD stock_left :none",
                    {":mark": mark, ":none": 0},
                    condition="attribute_not_exists(mark) OR mark < :mark",
                )
            except ConditionFailed as failed:
                return 0, _mark(failed.item)
            left += _left(item)
        return left, ""

    def mark_at_home(self, redemption: Redemption, shards: int) -> str:
        """The mark of the shard to which the redemption's pieces come back."""
        home = home_shard(redemption.member_id, shards)
        return _mark(self.dynamodb.get(*self._stock_key(redemption.reward_id, home)))

    def redemption(self, member_id: str, redemption_id: str) -> Redemption | None:
        """A member's redemption."""
        item = self.dynamodb.get(*self.redemption_key(member_id, redemption_id))
        return redemption_from(item) if item else None

    def redemptions(
        self, member_id: str, limit: int, start: Mapping[str, str] | None
    ) -> tuple[list[Redemption], dict[str, str] | None]:
        """A page of a member's redemptions, newest first, and the position of the next: {id, transfer_id}."""
        begin = None
        if start:
            key = self.redemption_key(member_id, start["id"]).key
            begin = {**key, "transfer_id": start["transfer_id"]}
        items, last = self.dynamodb.query(
            self.table,
            "#owner = :o",
            {":o": member(member_id)},
            index=BY_TIME,
            names={"#owner": "owner"},
            limit=limit,
            forward=False,
            start=begin,
        )
        position = {"id": last["entry"][2:], "transfer_id": last["transfer_id"]} if last else None
        return [redemption_from(item) for item in items], position

    def counter(
        self, member_id: str, redemption_id: str, reward_id: str, ledger: Ledger, *, to_queue: bool = False
    ) -> Counter:
        """Everything a redemption needs, in one read once this process has seen the reward, in two before.

        Where there is a queue, terms and merchant are those that this process read at most TERMS_SECONDS ago: one item does
        not bear being read by a whole crowd. ``to_queue``: a ticket takes nothing yet, and reads neither stock nor balance.

        Raises RewardNotFound.
        """
        own = self.redemption_key(member_id, redemption_id)
        if kept := self._kept(reward_id):
            reward, merchant = kept
            seen = (reward.programme_id, reward.shards, "")
            places = [] if to_queue else self._places(member_id, reward_id, seen, ledger)
            made, *rest = self.dynamodb.get_all([own, *places])
            return self._counted(member_id, made, reward, merchant, rest or [None, None])
        known = self._seen.get(reward_id)
        made, item, *rest = self.dynamodb.get_all(
            [own, self._reward_key(reward_id)]
            + (self._places(member_id, reward_id, known, ledger) if known else [])
        )
        if item is None:
            raise RewardNotFound
        reward = reward_from(item)
        if known != (found := (reward.programme_id, reward.shards, reward.merchant_id)):
            self._seen[reward_id] = found
            rest = self.dynamodb.get_all(self._places(member_id, reward_id, found, ledger))
        merchant = standing_from(rest[2]) if len(rest) > 2 and rest[2] else None
        if reward.lanes:
            self._terms[reward_id] = time.monotonic(), reward, merchant
        return self._counted(member_id, made, reward, merchant, rest)

    def _counted(
        self,
        member_id: str,
        made: Item | None,
        reward: Reward,
        merchant: Standing | None,
        rest: Sequence[Item | None],
    ) -> Counter:
        return Counter(
            redemption_from(made) if made else None,
            reward,
            home_shard(member_id, reward.shards),
            _left(rest[0]),
            _mark(rest[0]),
            balance_from(member(member_id), reward.programme_id, rest[1]),
            merchant,
        )

    def _kept(self, reward_id: str) -> tuple[Reward, Standing | None] | None:
        at, reward, merchant = self._terms.get(reward_id, (0.0, None, None))
        if reward is None or time.monotonic() - at >= TERMS_SECONDS:
            return None
        return reward, merchant

    def member_items(self, member_id: str) -> tuple[list[Redemption], list[Coupon]]:
        """Everything a member ever redeemed, and the coupons that came of it, whoever holds them now."""
        redemptions = [redemption_from(item) for item in self._all_entries(member_id, "X#")]
        coupons = [coupon_from(item) for item in self._all_entries(member_id, "K#")]
        places = [
            self._coupon_key(item["holder"], item["entry"][2:])
            for item in self._all_entries(member_id, "G#")
            if item["holder"] != member_id
        ]
        for first in range(0, len(places), READS_MAX):
            found = self.dynamodb.get_all(places[first : first + READS_MAX])
            coupons += [coupon_from(item) for item in found if item]
        return redemptions, [coupon for coupon in coupons if coupon.redeemer_id == member_id]

    def _all_entries(self, member_id: str, prefix: str) -> Iterator[Item]:
        return self.dynamodb.all_entries(self.table, ("owner", member(member_id)), prefix)

    def serving(self, redemption: Redemption) -> int:
        """The number that the redemption's lane serves now."""
        item = self.dynamodb.get(*self._lane_key(redemption.reward_id, redemption.lane))
        return item.get("serving", 0) if item else 0

    def orderer(self, order_id: str) -> tuple[str, str] | None:
        """Whose order this is at a partner's, and which partner's: (member, partner)."""
        item = self.dynamodb.get(self.table, {"owner": f"order:{order_id}", "entry": "order"})
        return (item["member_id"], item["partner_id"]) if item else None

    # Coupons

    def coupon(self, member_id: str, coupon_id: str) -> Coupon | None:
        """A coupon that the member holds."""
        item = self.dynamodb.get(*self._coupon_key(member_id, coupon_id))
        return coupon_from(item) if item else None

    def coupon_by_code(self, code: str) -> Coupon | None:
        """The coupon of a code, as it stands now."""
        items, _ = self.dynamodb.query(self.table, "code = :c", {":c": code}, index=BY_CODE, limit=1)
        if not items:
            return None
        item = self.dynamodb.get(self.table, {name: items[0][name] for name in ("owner", "entry")})
        return coupon_from(item) if item and item["code"] == code else None

    def coupons(self, member_id: str, limit: int, start: str | None) -> tuple[list[Coupon], str | None]:
        """A page of the coupons that a member holds, and the id of the last one when there may be more."""
        owner = ("owner", member(member_id))
        items, last = self.dynamodb.entries(self.table, owner, "K#", limit=limit, after=start)
        return [coupon_from(item) for item in items], last

    def redeemed(self, member_id: str, limit: int, start: str | None) -> tuple[list[Redemption], str | None]:
        """A page of a member's redemptions, whole, in the order of their ids, and the id of the last one when there may be more."""
        owner = ("owner", member(member_id))
        items, last = self.dynamodb.entries(self.table, owner, "X#", limit=limit, after=start)
        return [redemption_from(item) for item in items], last

    def coupons_of(self, redemption: Redemption) -> list[Coupon | None]:
        """The coupons of a redemption that its member still holds; None for those that were handed on."""
        keys = [self._coupon_key(redemption.member_id, coupon_id) for coupon_id in redemption.coupons]
        return [coupon_from(item) if item else None for item in self.dynamodb.get_all(keys)] if keys else []

    def request(self, member_id: str, request_id: str) -> dict[str, str] | None:
        """What was asked for under a key before: {body_hash, subject, place}."""
        item = self.dynamodb.get(self.table, {"owner": member(member_id), "entry": f"V#{request_id}"})
        return {name: item[name] for name in ("body_hash", "subject", "place")} if item else None

    # Dues

    def dues(
        self, merchant_id: str, shard: int, until: datetime, limit: int, start: Item | None
    ) -> tuple[list[Due], Item | None]:
        """Unsettled dues of one shard (of DUE_SHARDS) that were verified before ``until``, oldest first."""
        end = ids.derived_id(until, "")[:10]  # the time's part of an id
        return self._dues(f"{merchant_id}:{shard}", limit, start, end)

    def claimed_dues(
        self, settlement_id: str, merchant_id: str, limit: int, start: Item | None
    ) -> tuple[list[Due], Item | None]:
        """What a settlement has claimed for a merchant, oldest first."""
        return self._dues(f"S:{settlement_id}:{merchant_id}", limit, start, None)

    def _dues(
        self, due_to: str, limit: int, start: Item | None, end: str | None
    ) -> tuple[list[Due], Item | None]:
        items, last = self.dynamodb.query(
            self.table,
            "due_to = :d" + (" AND due_id < :e" if end else ""),
            {":d": due_to, **({":e": end} if end else {})},
            index=DUES,
            limit=limit,
            start=start,
        )
        return [due_from(item) for item in items], last

    def add_claim(self, session: Session, due: Due, settlement_id: str) -> None:
        """Give a due to a settlement, once. Raises DueClaimed with ``settlement_id``: who has it."""
        session.update(
            self.table,
            {"owner": due.owner, "entry": due.entry},
            "SET due_to = :to, settlement_id = :s",
            {":to": f"S:{settlement_id}:{due.merchant_id}", ":s": settlement_id, ":id": due.id},
            condition="attribute_not_exists(settlement_id) AND due_id = :id AND attribute_exists(due_to)",
            error=DueClaimed(),
        )

    def due_places(self, shard: int, now: datetime, limit: int) -> list[tuple[str, str]]:
        """(member, entry) of what has to be looked after by now, oldest first: coupons (``K#``), redemptions (``X#``)."""
        items, _ = self.dynamodb.query(
            self.table,
            "ends_in = :s AND ends_at <= :now",
            {":s": f"{shard:02}", ":now": clock.to_text(now)},
            index=ENDS,
            limit=limit,
        )
        return [(item["owner"].partition(":")[2], item["entry"]) for item in items]

    # Writing what is offered

    def add_reward(self, session: Session, reward: Reward) -> None:
        """Write a reward that was worked out from the version before."""
        before = reward.version - 1
        self._terms.pop(reward.id, None)
        session.put(
            self.table,
            reward_item(reward),
            condition="v = :v" if before else "attribute_not_exists(v)",
            values={":v": before} if before else None,
            error=RewardMoved(),
        )

    def add_stock(self, session: Session, reward_id: str, pieces: list[int]) -> None:
        """Put more pieces into the shards, shard by shard."""
        for shard, count in enumerate(pieces):
            if count:
                session.update(
                    self.table, self._stock_key(reward_id, shard).key, "ADD stock_left :n", {":n": count}
                )

    def draw(
        self, session: Session, reward_id: str, draws: Mapping[int, int], mark: str | None = None
    ) -> None:
        """Take pieces out of shards that still hold them; counts below zero are put in. ``mark``: what all of them bear then, and
        none a later one (None: the reward's version tells)."""
        for shard, count in draws.items():
            enough = "stock_left >= :count" if count > 0 else ""
            values = {":n": -count} | ({":count": count} if enough else {})
            self._move(session, self._stock_key(reward_id, shard).key, values, enough, mark)

    def _move(
        self,
        session: Session,
        key: Mapping[str, str],
        values: Mapping[str, Any],
        enough: str,
        mark: str | None,
    ) -> None:
        conditions, expression, values = [enough] if enough else [], "ADD stock_left :n", dict(values)
        if mark:
            expression, values[":mark"] = f"{expression} SET mark = :mark", mark
            conditions.append("(attribute_not_exists(mark) OR mark <= :mark)")
        elif mark is not None:
            conditions.append("attribute_not_exists(mark)")
        condition = " AND ".join(conditions)
        if condition:
            session.update(self.table, key, expression, values, condition=condition, error=ShardMoved())
        else:
            session.update(self.table, key, expression, values)

    def add_report(self, session: Session, reward_id: str, report: Item) -> None:
        """What became of a project's donations."""
        session.put(
            self.table,
            {"owner": f"reward:{reward_id}", "entry": f"R#{report['id']}", **report},
            unless="entry",
        )

    def report(self, reward_id: str, report_id: str) -> Item:
        """One of a project's reports. Raises RewardNotFound."""
        item = self.dynamodb.get(self.table, {"owner": f"reward:{reward_id}", "entry": f"R#{report_id}"})
        if item is None:
            raise RewardNotFound
        return item

    def reports(self, reward_id: str, limit: int, start: str | None) -> tuple[list[Item], str | None]:
        """A page of a project's reports, newest first."""
        owner = ("owner", f"reward:{reward_id}")
        return self.dynamodb.entries(self.table, owner, "R#", limit=limit, after=start, forward=False)

    # Writing redemptions

    def next_number(self, reward_id: str, lane: int) -> int:
        """The next number of a lane. One that is never used (its request died) leaves a gap and does no harm."""
        item = self.dynamodb.update(*self._lane_key(reward_id, lane), "ADD issued :one", {":one": 1})
        number: int = item["issued"]
        return number

    def take_place(self, ticket: Redemption) -> None:
        """One of the member's places in the reward's queue; again is the same place. One whose ticket was never written comes
        free within a day. Raises TicketsOpen."""
        try:
            self.dynamodb.update(
                self.table,
                _places_key(ticket),
                "ADD #open :one SET expires_at = :ends",
                {
                    ":one": {ticket.id},
                    ":id": ticket.id,
                    ":most": TICKETS_OPEN_MAX,
                    ":ends": _places_end(ticket),
                },
                names={"#open": "open"},
                condition="attribute_not_exists(#open) OR size(#open) < :most OR contains(#open, :id)",
            )
        except ConditionFailed:
            raise TicketsOpen(most=TICKETS_OPEN_MAX) from None

    def serve_lane(self, reward_id: str, lane: int, number: int) -> None:
        """Say that a lane has come as far as ``number``."""
        with suppress(ConditionFailed):
            self.dynamodb.update(
                *self._lane_key(reward_id, lane),
                "SET serving = :n",
                {":n": number},
                condition="attribute_not_exists(serving) OR serving < :n",
            )

    def knock(self, ticket: Redemption, now: datetime, before: datetime) -> None:
        """Change a ticket's item, so that the stream tells of it again, unless that was done since ``before``."""
        with suppress(ConditionFailed):
            self.dynamodb.update(
                *self.redemption_key(ticket.member_id, ticket.id),
                "SET knocked = :now",
                {":now": clock.to_text(now), ":before": clock.to_text(before), ":queued": QUEUED},
                names={"#status": "status"},
                condition="#status = :queued AND (attribute_not_exists(knocked) OR knocked <= :before)",
            )

    def add_redemption(self, session: Session, redemption: Redemption) -> None:
        """A new redemption; what stands under its id decides between a repetition and another request."""
        session.put(
            self.table,
            redemption_item(redemption),
            unless="entry",
            error=RedemptionStands(body_hash=redemption.body_hash),
        )

    def add_step(self, session: Session, before: Redemption, after: Redemption) -> None:
        """A redemption's next state: it still stands as it was read."""
        known = "#reference = :reference" if before.reference else "attribute_not_exists(#reference)"
        session.put(
            self.table,
            redemption_item(after),
            condition="#status = :status AND body_hash = :hash AND answer = :answer AND cancelling = :cancelling"
            f" AND attribute_not_exists(settlement_id) AND {known}",
            values={
                ":status": before.status,
                ":hash": before.body_hash,
                ":answer": before.answer,
                ":cancelling": before.cancelling,
            }
            | ({":reference": before.reference} if before.reference else {}),
            names={"#status": "status", "#reference": "reference"},
            error=RedemptionMoved(),
        )
        if QUEUED == before.status != after.status:
            session.update(
                self.table,
                _places_key(before),
                "DELETE #open :one SET expires_at = :ends",
                {":one": {before.id}, ":ends": _places_end(before)},
                names={"#open": "open"},
            )

    def add_to_send(self, session: Session, redemption: Redemption) -> None:
        """Say that the programme has to send it."""
        item = {**_sending_key(redemption.reward_id, redemption.id, "O"), "member_id": redemption.member_id}
        session.put(self.table, item)

    def receive(self, redemption: Redemption, now: datetime) -> None:
        """Say that what was sent has come; the first word counts."""
        with suppress(ConditionFailed):
            self.dynamodb.update(
                *self.redemption_key(redemption.member_id, redemption.id),
                "SET received_at = :now",
                {":now": clock.to_text(now)},
                condition="attribute_exists(sent_at) AND attribute_not_exists(received_at)",
            )

    def confirm(self, session: Session, coupon: Coupon, now: datetime) -> None:
        """Say, where a coupon was redeemed, that one more piece was handed out at the till."""
        session.update(
            self.table,
            self.redemption_key(coupon.redeemer_id, coupon.redemption_id).key,
            "ADD confirmed :one SET received_at = :now",
            {":one": 1, ":now": clock.to_text(now)},
            condition="attribute_exists(entry)",
        )

    def remove_to_send(
        self, session: Session, redemption: Redemption, sent_at: datetime | None = None
    ) -> None:
        """There is nothing to send any more; what was sent is remembered for SENT_SECONDS."""
        session.delete(self.table, _sending_key(redemption.reward_id, redemption.id, "O"))
        if sent_at:
            item: Item = {
                **_sending_key(redemption.reward_id, redemption.id, "S"),
                "member_id": redemption.member_id,
            }
            session.put(self.table, item | {"expires_at": int(sent_at.timestamp()) + SENT_SECONDS})

    def send_to(self, reward_id: str, redemption_id: str) -> str | None:
        """Whose good it is that has to be sent, or was."""
        keys = [Key(self.table, _sending_key(reward_id, redemption_id, each)) for each in "OS"]
        return next((item["member_id"] for item in self.dynamodb.get_all(keys) if item), None)

    def to_send(
        self, reward_id: str, limit: int, start: Mapping[str, Any] | None
    ) -> tuple[list[Redemption], dict[str, Any] | None]:
        """A page of what has to be sent, and where the next begins: {shard, after}."""
        shard, after = (start["shard"], start["after"]) if start else (0, None)
        places: list[Key] = []
        while shard < SENDING_SHARDS and len(places) < limit:
            owner = ("owner", f"sending:{reward_id}:{shard}")
            items, after = self.dynamodb.entries(
                self.table, owner, "O#", limit=limit - len(places), after=after
            )
            places += [self.redemption_key(item["member_id"], item["entry"][2:]) for item in items]
            shard += after is None
        found = self.dynamodb.get_all(places) if places else []
        last = {"shard": shard, "after": after} if shard < SENDING_SHARDS else None
        return [redemption_from(item) for item in found if item], last

    def add_order(self, session: Session, redemption: Redemption) -> None:
        """Whose order it is at the partner's."""
        session.put(
            self.table,
            {
                "owner": f"order:{redemption.id}",
                "entry": "order",
                "member_id": redemption.member_id,
                "partner_id": redemption.partner_id,
            },
        )

    def count_taken(self, session: Session, redemption: Redemption, limit: int) -> None:
        """Count the pieces against what the member may have. Raises LimitReached at once for more than the limit."""
        if redemption.quantity > limit:
            raise LimitReached(limit=limit, taken=0)
        self._count(
            session, self._limit_key(redemption), redemption.quantity, limit, LimitReached(limit=limit)
        )

    def count_day(self, session: Session, redemption: Redemption, limit: int) -> None:
        """Count the pieces against what the member may have in a day. Raises DayLimitReached at once."""
        if redemption.quantity > limit:
            raise DayLimitReached(limit=limit, taken=0)
        key = self._day_limit_key(redemption)
        self._count(
            session,
            key,
            redemption.quantity,
            limit,
            DayLimitReached(limit=limit),
            _day_limit_end(redemption),
        )

    def _count(
        self,
        session: Session,
        key: dict[str, str],
        count: int,
        limit: int,
        error: Any,
        end: int = 0,
    ) -> None:
        values: dict[str, Any] = {":q": count, ":room": limit - count}
        expression = "ADD taken :q"
        if end:
            expression += " SET expires_at = :end"
            values[":end"] = end
        session.update(
            self.table,
            key,
            expression,
            values,
            condition="attribute_not_exists(taken) OR taken <= :room",
            error=error,
        )

    def give_back(
        self, session: Session, redemption: Redemption, pieces: int, shards: int, mark: str
    ) -> None:
        """Put pieces back into stock, which still bears the mark (``mark_at_home``), and take them off the member's limits."""
        home = self._stock_key(redemption.reward_id, home_shard(redemption.member_id, shards))
        self._move(session, home.key, {":n": pieces}, "", mark)
        of_member, of_day = redemption.limits
        if of_member:
            session.update(self.table, self._limit_key(redemption), "ADD taken :n", {":n": -pieces})
        if of_day:  # long afterwards the day's counter is gone: what is written then goes again
            key, end = self._day_limit_key(redemption), _day_limit_end(redemption)
            values = {":n": -pieces, ":end": end}
            session.update(self.table, key, "ADD taken :n SET expires_at = :end", values)

    def first_notice(self, member_id: str, about: str) -> bool:
        """Whether nobody has told the member of this end of a redemption yet; from now on somebody has."""
        key = {"owner": member(member_id), "entry": f"N#{about}"}
        try:
            self.dynamodb.update(
                self.table, key, "SET told = :t", {":t": True}, condition="attribute_not_exists(told)"
            )
        except ConditionFailed:
            return False
        return True

    # Writing coupons

    def add_coupon(self, session: Session, coupon: Coupon) -> None:
        """A new coupon."""
        session.put(self.table, coupon_item(coupon), unless="entry")

    def change_coupon(self, session: Session, before: Coupon, after: Coupon) -> None:
        """A coupon's next state: it still stands as it was read."""
        session.put(
            self.table,
            coupon_item(after),
            condition="#status = :status AND code = :code",
            values={":status": before.status, ":code": before.code},
            names={"#status": "status"},
            error=CouponMoved(),
        )

    def point_to(self, session: Session, coupon: Coupon) -> None:
        """Say, where it was redeemed, who holds a coupon now."""
        session.put(
            self.table,
            {
                "owner": member(coupon.redeemer_id),
                "entry": f"G#{coupon.id}",
                "holder": coupon.member_id,
            },
        )

    def remove_coupon(self, session: Session, coupon: Coupon) -> None:
        """Take a coupon from its holder: it is still as it was read."""
        session.delete(
            self.table,
            self._coupon_key(coupon.member_id, coupon.id).key,
            condition="#status = :status AND code = :code",
            values={":status": coupon.status, ":code": coupon.code},
            names={"#status": "status"},
            error=CouponMoved(),
        )

    def add_request(
        self, session: Session, member_id: str, request_id: str, body_hash: str, subject: str, place: str
    ) -> None:
        """Keep what was asked for under a key, with its effect: ``subject`` is the id of what came of it, ``place`` the
        member or reward under which that stands."""
        session.put(
            self.table,
            {
                "owner": member(member_id),
                "entry": f"V#{request_id}",
                "body_hash": body_hash,
                "subject": subject,
                "place": place,
            },
            unless="entry",
            error=KeyStands(body_hash=body_hash),
        )

    # Keys

    def _places(
        self, member_id: str, reward_id: str, seen: tuple[str, int, str], ledger: Ledger
    ) -> list[Key]:
        programme_id, shards, merchant_id = seen
        home = self._stock_key(reward_id, home_shard(member_id, shards))
        places = [home, ledger.balance_key(member(member_id), programme_id)]
        return [*places, merchant_key(merchant_id, self.merchants_table)] if merchant_id else places

    def _reward_key(self, reward_id: str) -> Key:
        return Key(self.table, {"owner": f"reward:{reward_id}", "entry": "reward"})

    def _stock_key(self, reward_id: str, shard: int) -> Key:
        return Key(self.table, {"owner": f"stock:{reward_id}:{shard}", "entry": "stock"})

    def _lane_key(self, reward_id: str, lane: int) -> Key:
        return Key(self.table, {"owner": f"lane:{reward_id}:{lane}", "entry": "lane"})

    def redemption_key(self, member_id: str, redemption_id: str) -> Key:
        """Where a redemption stands."""
        return Key(self.table, {"owner": member(member_id), "entry": f"X#{redemption_id}"})

    def _coupon_key(self, member_id: str, coupon_id: str) -> Key:
        return Key(self.table, {"owner": member(member_id), "entry": f"K#{coupon_id}"})

    def _limit_key(self, redemption: Redemption) -> dict[str, str]:
        return {"owner": member(redemption.member_id), "entry": f"L#{redemption.reward_id}"}

    def _day_limit_key(self, redemption: Redemption) -> dict[str, str]:
        day = clock.programme_day(redemption.redeemed_at).isoformat()
        return {"owner": member(redemption.member_id), "entry": f"L#{redemption.reward_id}#{day}"}


def _day_limit_end(redemption: Redemption) -> int:
    return int(redemption.redeemed_at.timestamp()) + DAY_LIMIT_SECONDS


def _left(item: Item | None) -> int:
    return item["stock_left"] if item else 0


def _mark(item: Item | None) -> str:
    return item.get("mark", "") if item else ""


def _places_key(ticket: Redemption) -> dict[str, str]:
    return {"owner": member(ticket.member_id), "entry": f"Q#{ticket.reward_id}"}


def _places_end(ticket: Redemption) -> int:
    return int(ticket.redeemed_at.timestamp()) + PLACES_SECONDS


def _sending_key(reward_id: str, redemption_id: str, kind: str) -> dict[str, str]:
    shard = zlib.crc32(redemption_id.encode()) % SENDING_SHARDS
    return {"owner": f"sending:{reward_id}:{shard}", "entry": f"{kind}#{redemption_id}"}
