"""A report: the sums of all shards put together, every figure from both sides, and what does not agree. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import clock
from puhui.ledger.api import last_month
from puhui.points.tally import DIFFERENCES_MAX, Difference, Document, Moment, Tally
from puhui.rewards.api import (
    CANCELLED,
    CLOSED,
    EXPIRED,
    FULFILLED,
    ISSUED,
    PROCESSING,
    QUEUED,
    REFUNDED,
    USED,
    Reward,
)

RUNNING, DONE = "running", "done"
PROPOSED = "proposed"  # a reward that is not offered yet
GROWING = ("accounts", "money_accounts", "transfers", "issued")  # never less than in a report before
REDEEMING = timedelta(minutes=1)  # how long a transfer's time may lie before its writing
NAMED_MAX = 10 * DIFFERENCES_MAX
PIECES = (QUEUED, PROCESSING, FULFILLED, REFUNDED, CANCELLED)
COUPONS = (ISSUED, USED, EXPIRED, CANCELLED)


@dataclass(frozen=True)
class Stock:
    """Of one reward at the moment of the report: the pieces offered and left, and the mark that its stock got then."""

    offered: int
    left: int
    mark: str


@dataclass(frozen=True)
class Report:
    """One report. ``stock`` is by reward; ``before``: what the last report counted.

    | status  | meaning                                            | next                                        |
    |---------|----------------------------------------------------|---------------------------------------------|
    | running | shards are being read; a failed step starts anew   | done, when ``close`` has read every shard, or ``stopped`` on an error: the same request, sent again, goes on |
    | done    | ``result`` is written                              | final                                       |
    """

    id: str
    programme_id: str
    started_by: str
    started_at: datetime
    stock: Mapping[str, Stock] = field(default_factory=dict)
    body_hash: str = ""
    status: str = RUNNING
    result: Mapping[str, Any] | None = None
    before: Mapping[str, int] = field(default_factory=dict)
    stopped: bool = False

    @property
    def moment(self) -> Moment:
        """Of which it speaks."""
        return Moment(self.started_at, {each: stock.mark for each, stock in self.stock.items()})

    @property
    def moving_since(self) -> datetime:
        """What is dated from then on may have been written after the moment."""
        return self.started_at - REDEEMING

    def shown(self) -> Document:
        """The report of the contract."""
        shown: Document = {
            "id": self.id,
            "status": self.status,
            "programme_id": self.programme_id,
            "started_at": clock.to_text(self.started_at),
            "as_of": clock.to_text(self.started_at),
        }
        shown |= {"stopped": True} if self.stopped else {}
        return shown | dict(self.result or {})


@dataclass
class Part:
    """What one shard's accounts say, up to ``account``; ``turn``: how often it was kept."""

    tally: Tally = field(default_factory=Tally)
    account: str = ""
    turn: int = 0
    done: bool = False


@dataclass(frozen=True)
class Offer:
    """A reward and the pieces that are left of it: at the moment of the report or, where its stock has no mark, when it is closed."""

    reward: Reward
    left: int


def concluded(report: Report, tally: Tally, offers: Mapping[str, Offer]) -> Document:
    """The result, out of the sums of all shards and the rewards. ``reconciles``: False with the first difference; None when nothing
    differs but rewards in motion could not be judged; True for everything."""
    offers = {reward_id: _at_the_moment(report, offer) for reward_id, offer in offers.items()}
    rewards = {
        reward_id: offer
        for reward_id, offer in offers.items()
        if _is_of(report, offer) and (reward_id in report.stock or offer.reward.state == CLOSED)
    }
    moving = [each for each in sorted(rewards) if _has_moved(report, rewards[each], tally.reward(each))]
    tally.add_differences(_missing_rewards(report, tally, offers))
    tally.add_differences(_programme_differences(report, tally))
    for reward_id, offer in sorted(rewards.items()):
        if reward_id not in moving:
            tally.add_differences(_reward_differences(reward_id, offer, tally))
    tally.add_differences(_settlement_differences(tally, rewards.keys() - moving))
    tally.add_differences(_payer_differences(tally, rewards))
    budgets = _budgets(report.programme_id, tally, rewards)
    return {
        "points": _points(tally),
        "rewards": [_reward(reward_id, offer, tally) for reward_id, offer in sorted(rewards.items())],
        "budgets": budgets,
        "merchants": _merchants(report.programme_id, tally, rewards),
        "in_motion": moving,
        "reconciles": False if tally.sums["differences"] else None if moving else True,
        "differences": tally.differences[:NAMED_MAX],
        "differences_in_all": tally.sums["differences"],
        "read": {"accounts": tally.sums["accounts"], "transfers": tally.sums["transfers"]},
    }


def _at_the_moment(report: Report, offer: Offer) -> Offer:
    """The reward with what was offered and left at the moment; what was not on offer then is as it is now."""
    if offer.reward.id not in report.stock:
        return offer
    stock = report.stock[offer.reward.id]
    return Offer(replace(offer.reward, stock=stock.offered), stock.left)


def _is_of(report: Report, offer: Offer) -> bool:
    return offer.reward.programme_id == report.programme_id


def _missing_rewards(report: Report, tally: Tally, offers: Mapping[str, Offer]) -> list[Difference]:
    """Rewards that pieces or money speak of and that are not there, or are another programme's by now."""
    found = []
    for each in sorted({*tally.rewards, *tally.committed} - offers.keys()):
        pairs = (("pieces", 0, tally.reward(each)["out"]), ("committed_fen", tally.committed[each], 0))
        found += [Difference("reward", each, *pair) for pair in pairs if pair[1] != pair[2]]
    strange = [each for each in sorted(report.stock) if each in offers and not _is_of(report, offers[each])]
    return found + [Difference("reward", each, "programme", 0, 1) for each in strange]


def _has_moved(report: Report, offer: Offer, sums: Counter[str]) -> bool:
    """Whether nobody can say on which side of the moment something was: pieces that came back of a reward that was closed before,
    whose stock bears no mark, and money for more or fewer pieces in the same minute."""
    return bool(sums["offered"] or (offer.reward.id not in report.stock and sums["moved"]))


def _points(tally: Tally) -> Document:
    sums = tally.sums
    return {
        "issued": sums["issued"],
        "taken_back": sums["taken_back"],
        "spent": [{"kind": kind, "points": count} for kind, count in sorted(tally.spent.items())],
        "refunded": sums["refunded"],
        "expired": sums["expired"],
        "outstanding": sums["outstanding"],
        "held": sums["held"],
        "months": _months(tally.months),
        "balances": {
            "outstanding": sums["booked"],
            "held": sums["booked_held"],
            "months": _months(tally.booked),
        },
    }


def _months(months: Counter[str]) -> list[Document]:
    ends: Counter[str] = Counter()
    for lot, count in months.items():
        ends[last_month(lot)] += count
    return [{"month": month, "points": count} for month, count in sorted(ends.items()) if count]


def _programme_differences(report: Report, tally: Tally) -> list[Difference]:
    """The identity of the whole: issued - taken back - spent + refunded - expired = outstanding + held, from either side. And
    nothing that was there when the last report was made is gone."""
    sums = tally.sums
    flowed = sums["issued"] - sums["taken_back"] - tally.spent.total() + sums["refunded"] - sums["expired"]
    pairs = [
        ("points", flowed, sums["outstanding"] + sums["held"]),
        ("balances", sums["outstanding"], sums["booked"]),
        ("holds", sums["held"], sums["booked_held"]),
        ("redeemed", tally.spent.total() - sums["refunded"], _redeemed(tally)),
    ]
    pairs += [
        (f"month {month}", tally.months[month], tally.booked[month])
        for month in sorted({*tally.months, *tally.booked})
    ]
    pairs += [
        (f"{name} before", before, sums[name])
        for name, before in report.before.items()
        if sums[name] < before
    ]
    return [Difference("programme", report.programme_id, *pair) for pair in pairs if pair[1] != pair[2]]


def counted(tally: Tally) -> dict[str, int]:
    """What the next report of the programme finds at least."""
    return {name: tally.sums[name] for name in GROWING}


def _redeemed(tally: Tally) -> int:
    return sum(sums["points"] for sums in tally.rewards.values())


def _reward_differences(reward_id: str, offer: Offer, tally: Tally) -> list[Difference]:
    """Stock: offered = left + promised. Budget: what is committed = what is in stock, promised, and verified but not settled."""
    sums = tally.reward(reward_id)
    pairs = (
        ("pieces", offer.reward.stock, offer.left + sums["out"]),
        ("committed_fen", tally.committed[reward_id], _committed_by_items(offer, sums)),
    )
    return [Difference("reward", reward_id, *pair) for pair in pairs if pair[1] != pair[2]]


def _committed_by_items(offer: Offer, sums: Counter[str]) -> int:
    in_stock = offer.reward.fen * offer.left
    return in_stock + sums["promised_fen"] + sums["verified_fen"] - sums["settled_fen"]


def _payer_differences(tally: Tally, rewards: Mapping[str, Offer]) -> list[Difference]:
    """What is set aside for a reward comes out of its own budget."""
    found = []
    for key, fen in sorted(tally.paid_by.items()):
        reward_id, _, budget_id = key.partition("|")
        if fen and reward_id in rewards and rewards[reward_id].reward.budget_id != budget_id:
            found.append(Difference("reward", reward_id, f"fen {budget_id}", fen, 0))
    return found


def _settlement_differences(tally: Tally, reward_ids: set[str]) -> list[Difference]:
    """What a settlement moved for a reward is what its claimed dues come to. One that is not posted yet moved nothing."""
    found = []
    for key, fen in sorted(tally.settled.items()):
        settlement_id, _, reward_id = key.partition("|")
        if reward_id in reward_ids and fen != tally.claimed[key]:
            found.append(Difference("settlement", settlement_id, f"fen {reward_id}", fen, tally.claimed[key]))
    return found


def _reward(reward_id: str, offer: Offer, tally: Tally) -> Document:
    reward, sums = offer.reward, tally.reward(reward_id)
    return {
        "reward_id": reward_id,
        "title": dict(reward.title),
        "kind": reward.kind,
        "stock": {"offered": reward.stock, "left": offer.left, "promised": sums["out"]},
        "pieces": {name: sums[name] for name in PIECES},
        "coupons": {name: sums[f"coupons_{name}"] for name in COUPONS},
        "points": {
            "spent": sums["points"],
            "held": sums["points_held"],
            "spent_by_ledger": sums["points_in_ledger"],
        },
        "budget": _money(reward_id, offer, tally),
    }


def _money(reward_id: str, offer: Offer, tally: Tally) -> Document:
    sums = tally.reward(reward_id)
    return {
        "committed_fen": tally.committed[reward_id],
        "in_stock_fen": offer.reward.fen * offer.left,
        "promised_fen": sums["promised_fen"],
        "due_fen": sums["verified_fen"] - sums["settled_fen"],
        "settled_fen": sums["settled_fen"],
        "paid_fen": sums["paid_fen"],
    }


def _budgets(programme_id: str, tally: Tally, rewards: Mapping[str, Offer]) -> list[Document]:
    own: dict[str, Counter[str]] = {}
    for reward_id, offer in rewards.items():
        if offer.reward.budget_id:
            own.setdefault(offer.reward.budget_id, Counter()).update(_money(reward_id, offer, tally))
    found = []
    for budget_id, sums in sorted(tally.budgets.items()):
        if not (sums[f"of {programme_id}"] or budget_id in own):
            continue
        of_rewards = own.get(budget_id, Counter())
        found.append(
            {
                "budget_id": budget_id,
                "funded_fen": sums["funded"] - sums["withdrawn"],
                "adjusted_fen": sums["adjusted"],
                "left_fen": sums["balance"],
                **{name: of_rewards[name] for name in _MONEY},
            }
        )
    return found


_MONEY = ("committed_fen", "in_stock_fen", "promised_fen", "due_fen", "settled_fen", "paid_fen")


def _merchants(programme_id: str, tally: Tally, rewards: Mapping[str, Offer]) -> list[Document]:
    ours = {offer.reward.merchant_id for offer in rewards.values()}
    return [
        {
            "merchant_id": merchant_id,
            "settled_fen": sums["settled"],
            "adjusted_fen": sums["adjusted"],
            "paid_fen": sums["paid"],
            "unpaid_fen": sums["balance"],
        }
        for merchant_id, sums in sorted(tally.merchants.items())
        if merchant_id in ours or sums[f"of {programme_id}"]
    ]
