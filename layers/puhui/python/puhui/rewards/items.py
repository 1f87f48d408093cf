"""Rewards, redemptions, coupons and dues as items of the table, and back. What is empty is left out of an item."""

import zlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from puhui.kernel import clock, ids
from puhui.ledger.api import member
from puhui.merchants.api import Picture
from puhui.rewards.model import (
    ADDRESS,
    DUE_SHARDS,
    GOOD,
    ISSUED,
    OFFLINE_GRACE,
    ON_SALE,
    PAUSED,
    PROPOSED,
    Coupon,
    Due,
    Redemption,
    Reward,
)
from puhui.store.values import Item

END_SHARDS = 16


def reward_item(reward: Reward) -> Item:
    """The item of a reward."""
    listed = {
        PROPOSED: f"proposed:{reward.programme_id}",
        ON_SALE: reward.programme_id,
        PAUSED: reward.programme_id,
    }
    item: Item = {
        "owner": f"reward:{reward.id}",
        "entry": "reward",
        "programme": reward.programme_id,
        "reward_id": reward.id,
        "kind": reward.kind,
        "title": dict(reward.title),
        "price_points": reward.price_points,
        "stock": reward.stock,
        "per_member_limit": reward.per_member_limit,
        "shards": reward.shards,
        "state": reward.state,
        "v": reward.version,
    }
    return item | _kept(
        {
            "programme_id": listed.get(reward.state),
            "per_day_limit": reward.per_day_limit,
            "opens_at": _text(reward.opens_at),
            "closes_at": _text(reward.closes_at),
            "description": dict(reward.description),
            "pictures": [asdict(each) for each in reward.pictures],
            "regions": list(reward.regions),
            "merchant_id": reward.merchant_id,
            "of_merchant": reward.merchant_id,
            "budget_id": reward.budget_id,
            "fen": reward.fen,
            "partner_id": reward.partner_id,
            "partner_item": reward.partner_item,
            "lanes": reward.lanes,
            "cancellable": reward.cancellable,
            "valid_days": reward.valid_days,
            "proposed_by": reward.proposed_by,
            "published_by": reward.published_by,
            "delivery": reward.delivery,
        }
    )


def reward_from(item: Mapping[str, Any]) -> Reward:
    """The reward of an item."""
    return Reward(
        id=item["reward_id"],
        programme_id=item["programme"],
        kind=item["kind"],
        title=item["title"],
        price_points=item["price_points"],
        stock=item["stock"],
        per_member_limit=item["per_member_limit"],
        shards=item["shards"],
        version=item["v"],
        state=item["state"],
        per_day_limit=item.get("per_day_limit"),
        opens_at=_time(item.get("opens_at")),
        closes_at=_time(item.get("closes_at")),
        description=item.get("description", {}),
        pictures=tuple(Picture(**each) for each in item.get("pictures", ())),
        regions=tuple(item.get("regions", ())),
        merchant_id=item.get("merchant_id", ""),
        budget_id=item.get("budget_id", ""),
        fen=item.get("fen", 0),
        partner_id=item.get("partner_id", ""),
        partner_item=item.get("partner_item", ""),
        lanes=item.get("lanes", 0),
        cancellable=item.get("cancellable", False),
        valid_days=item.get("valid_days", 0),
        proposed_by=item.get("proposed_by", ""),
        published_by=item.get("published_by", ""),
        delivery=item.get("delivery", ""),
    )


def redemption_item(redemption: Redemption) -> Item:
    """The item of a redemption; it is a due of its merchant's once it has a ``due_id`` and nothing has to be looked after."""
    item: Item = {
        "owner": member(redemption.member_id),
        "entry": f"X#{redemption.id}",
        "reward_id": redemption.reward_id,
        "programme": redemption.programme_id,
        "title": dict(redemption.title),
        "quantity": redemption.quantity,
        "price_points": redemption.price_points,
        "status": redemption.status,
        "redeemed_at": clock.to_text(redemption.redeemed_at),
        "transfer_id": redemption.transfer_id,
        "body_hash": redemption.body_hash,
        "kind": redemption.kind,
        "answer": redemption.answer,
        "cancelling": redemption.cancelling,
    }
    return (
        item
        | _kept(
            {
                "delivery": redemption.delivery,
                "limits": "".join("01"[each] for each in redemption.limits) if any(redemption.limits) else "",
                "merchant_id": redemption.merchant_id,
                "budget_id": redemption.budget_id,
                "fen": redemption.fen,
                "partner_id": redemption.partner_id,
                "cancellable": redemption.cancellable,
                "coupons": list(redemption.coupons),
                "lane": redemption.lane,
                "lanes": redemption.lanes,
                "number": redemption.number,
                "reason_code": redemption.reason_code,
                "reference": redemption.reference,
                "voucher": redemption.voucher,
                "given_back_at": _text(redemption.given_back_at),
                "unsure": redemption.unsure,
                "late_answer": redemption.late_answer,
                "task_token": redemption.task_token,
                "handover": redemption.handover,
                "sent_at": _text(redemption.sent_at),
                "carrier": redemption.carrier,
                "received_at": _text(redemption.received_at),
                "confirmed": redemption.confirmed,
                "taken_in": redemption.taken_in,
                "returned_in": redemption.returned_in,
            }
        )
        | _due(
            redemption.merchant_id,
            redemption.due_id,
            redemption.settlement_id,
            is_open=redemption.watch_at is None,
        )
        | _end(redemption.id, redemption.watch_at)
    )


def redemption_from(item: Mapping[str, Any]) -> Redemption:
    """The redemption of an item, or of what the index keeps of it (no secrets, nothing that is for the saga only)."""
    limits = item.get("limits", "00")
    return Redemption(
        id=item["entry"][2:],
        member_id=item["owner"].partition(":")[2],
        reward_id=item["reward_id"],
        programme_id=item["programme"],
        title=item["title"],
        quantity=item["quantity"],
        price_points=item["price_points"],
        status=item["status"],
        redeemed_at=clock.from_text(item["redeemed_at"]),
        transfer_id=item["transfer_id"],
        body_hash=item.get("body_hash", ""),
        delivery=item.get("delivery", b""),
        kind=item.get("kind", GOOD),
        limits=(limits[0] == "1", limits[1] == "1"),
        merchant_id=item.get("merchant_id", ""),
        budget_id=item.get("budget_id", ""),
        fen=item.get("fen", 0),
        partner_id=item.get("partner_id", ""),
        cancellable=item.get("cancellable", False),
        coupons=tuple(item.get("coupons", ())),
        lane=item.get("lane", 0),
        lanes=item.get("lanes", 0),
        number=item.get("number", 0),
        reason_code=item.get("reason_code", ""),
        answer=item.get("answer", ""),
        reference=item.get("reference", ""),
        voucher=item.get("voucher", b""),
        cancelling=item.get("cancelling", False),
        given_back_at=_time(item.get("given_back_at")),
        unsure=item.get("unsure", False),
        late_answer=item.get("late_answer", ""),
        task_token=item.get("task_token", ""),
        watch_at=_time(item.get("ends_at")),
        handover=item.get("handover") or (ADDRESS if "delivery" in item or "sent_at" in item else ""),
        sent_at=_time(item.get("sent_at")),
        carrier=item.get("carrier", ""),
        received_at=_time(item.get("received_at")),
        confirmed=item.get("confirmed", 0),
        taken_in=item.get("taken_in", ""),
        returned_in=item.get("returned_in", ""),
        due_id=item.get("due_id", ""),
        settlement_id=item.get("settlement_id", ""),
    )


def coupon_item(coupon: Coupon) -> Item:
    """The item of a coupon; it is a due of its merchant's once it was used."""
    ends_at = coupon.expires_at + OFFLINE_GRACE if coupon.status == ISSUED else None
    item: Item = {
        "owner": member(coupon.member_id),
        "entry": f"K#{coupon.id}",
        "redeemer_id": coupon.redeemer_id,
        "redemption_id": coupon.redemption_id,
        "reward_id": coupon.reward_id,
        "programme": coupon.programme_id,
        "kind": coupon.kind,
        "title": dict(coupon.title),
        "price_points": coupon.price_points,
        "merchant_id": coupon.merchant_id,
        "code": coupon.code,
        "issued_at": clock.to_text(coupon.issued_at),
        "expires_at_time": clock.to_text(coupon.expires_at),
        "status": coupon.status,
    }
    return (
        item
        | _kept(
            {
                "budget_id": coupon.budget_id,
                "fen": coupon.fen,
                "regions": list(coupon.regions),
                "transferable": coupon.transferable,
                "returns_points": coupon.returns_points,
                "used_at": _text(coupon.used_at),
                "branch_id": coupon.branch_id,
                "verification_id": coupon.verification_id,
                "returned_in": coupon.returned_in,
            }
        )
        | _due(coupon.merchant_id, coupon.due_id, coupon.settlement_id)
        | _end(coupon.id, ends_at)
    )


def coupon_from(item: Mapping[str, Any]) -> Coupon:
    """The coupon of an item."""
    return Coupon(
        id=item["entry"][2:],
        member_id=item["owner"].partition(":")[2],
        redeemer_id=item["redeemer_id"],
        redemption_id=item["redemption_id"],
        reward_id=item["reward_id"],
        programme_id=item["programme"],
        kind=item["kind"],
        title=item["title"],
        price_points=item["price_points"],
        merchant_id=item["merchant_id"],
        budget_id=item.get("budget_id", ""),
        fen=item.get("fen", 0),
        regions=tuple(item.get("regions", ())),
        code=item["code"],
        issued_at=clock.from_text(item["issued_at"]),
        expires_at=clock.from_text(item["expires_at_time"]),
        transferable=item.get("transferable", False),
        returns_points=item.get("returns_points", False),
        status=item["status"],
        used_at=_time(item.get("used_at")),
        branch_id=item.get("branch_id", ""),
        verification_id=item.get("verification_id", ""),
        returned_in=item.get("returned_in", ""),
        due_id=item.get("due_id", ""),
        settlement_id=item.get("settlement_id", ""),
    )


def due_from(item: Mapping[str, Any]) -> Due:
    """The due that a used coupon's or a redemption's item is."""
    is_coupon = item["entry"].startswith("K#")
    own_id = item["entry"][2:]
    return Due(
        id=item["due_id"],
        owner=item["owner"],
        entry=item["entry"],
        merchant_id=item["merchant_id"],
        programme_id=item["programme"],
        reward_id=item["reward_id"],
        redemption_id=item["redemption_id"] if is_coupon else own_id,
        coupon_id=own_id if is_coupon else "",
        budget_id=item.get("budget_id", ""),
        fen=item.get("fen", 0),
        pieces=1 if is_coupon else item["quantity"],
        branch_id=item.get("branch_id", ""),
        verified_at=ids.time_of(item["due_id"]),
        settlement_id=item.get("settlement_id", ""),
    )


def _due(merchant_id: str, due_id: str, settlement_id: str, *, is_open: bool = True) -> Item:
    """Only what carries ``due_to`` is found and claimed; the id keeps the time at which it was due first."""
    if not due_id:
        return {}
    if not is_open:
        return {"due_id": due_id}
    if settlement_id:
        due_to = f"S:{settlement_id}:{merchant_id}"
        return {"due_to": due_to, "due_id": due_id, "settlement_id": settlement_id}
    return {"due_to": f"{merchant_id}:{zlib.crc32(due_id.encode()) % DUE_SHARDS}", "due_id": due_id}


def _end(name: str, at: datetime | None) -> Item:
    shard = f"{zlib.crc32(name.encode()) % END_SHARDS:02}"
    return {"ends_in": shard, "ends_at": clock.to_text(at)} if at else {}


def _kept(item: Item) -> Item:
    return {name: value for name, value in item.items() if value not in (None, "", b"", [], {}, 0, False)}


def _text(at: datetime | None) -> str | None:
    return clock.to_text(at) if at else None


def _time(text: str | None) -> datetime | None:
    return clock.from_text(text) if text else None
