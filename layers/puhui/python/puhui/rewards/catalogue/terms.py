"""A reward as an operator or a merchant submits it, checked member by member."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from puhui.kernel import clock, ids, regions
from puhui.kernel.quantities import AMOUNT_MAX
from puhui.merchants.api import Picture
from puhui.programmes.api import Programme, programme
from puhui.rewards.catalogue.model import (
    COUPON,
    COUPON_DAYS,
    DONATION,
    GOOD,
    KINDS,
    LEAVE_DAY,
    ON_SALE,
    PAUSED,
    SERVICE,
    Reward,
    delivery_of,
)
from puhui.rewards.errors import RewardInvalid, RewardKindNotOffered
from puhui.rewards.stock.model import QUEUE_SHARDS_MAX, SHARDS_MAX

LANGUAGES = {"zh-CN", "en"}
TITLE_MAX, DESCRIPTION_MAX = 80, 1000
PRICE_MAX = STOCK_MAX = 10**9  # times QUANTITY_MAX still far below the ledger's bound
FEN_MAX = 10**7
LIMIT_MAX = 10**6
DAYS_MAX = 3650
PICTURES_MAX = REGIONS_MAX = 9
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}\Z")
_REGION = re.compile(regions.PATTERN.removesuffix("$") + r"\Z")
_MEMBERS = {
    "id",
    "programme_id",
    "kind",
    "title",
    "description",
    "pictures",
    "price_points",
    "stock",
    "per_member_limit",
    "per_day_limit",
    "shards",
    "queue_lanes",
    "opens_at",
    "closes_at",
    "regions",
    "merchant_id",
    "sponsor",
    "partner_id",
    "partner_item",
    "cancellable",
    "valid_days",
    "delivery",
    "state",
}


def terms_from(document: Mapping[str, Any]) -> Reward:
    """The reward that a document describes; without an id, the one that programme, kind and title always have; 0 shards: as
    they are; without a state, the one that it has; pictures are ids of documents that are still to be submitted.

        {"id"?, "programme_id", "kind", "title", "description"?, "pictures"?, "price_points", "stock", "per_member_limit",
         "per_day_limit"?, "shards"?, "queue_lanes"?, "opens_at"?, "closes_at"?, "regions"?, "merchant_id"?,
         "sponsor"?: {"budget_id", "fen"}, "partner_id"?, "partner_item"?, "cancellable"?, "valid_days"?, "delivery"?, "state"?}

    Raises RewardInvalid, RewardKindNotOffered, ProgrammeNotFound.
    """
    if unknown := sorted(set(document) - _MEMBERS):
        raise RewardInvalid(field=unknown[0], rule="no such member")
    rules = programme(str(document.get("programme_id")))
    kind, title = document.get("kind"), document.get("title")
    if kind not in KINDS:
        raise RewardInvalid(field="kind", rule=f"one of {', '.join(KINDS)}")
    require_kind(rules, kind)
    granted = rules.points is None and kind == LEAVE_DAY  # a prize: it has no price
    if rules.points is None and not granted:
        raise RewardInvalid(field="programme_id", rule="the programme has no points")
    if not isinstance(title, Mapping) or not _is_text(title, TITLE_MAX):
        raise RewardInvalid(field="title", rule=f"zh-CN and en, 1 to {TITLE_MAX} characters each")
    reward_id = document.get("id") or _id_of(rules.id, kind, title)
    if not isinstance(reward_id, str) or not _ID.match(reward_id):
        raise RewardInvalid(field="id", rule="1 to 64 letters, digits and hyphens")
    state = document.get("state", "")
    if state not in ("", ON_SALE, PAUSED):
        raise RewardInvalid(field="state", rule=f"{ON_SALE} or {PAUSED}")
    made = Reward(
        id=reward_id,
        programme_id=rules.id,
        kind=kind,
        title=dict(title),
        price_points=_count(document, "price_points", 0 if granted else 1, 0 if granted else PRICE_MAX),
        stock=_count(document, "stock", 0, STOCK_MAX),
        per_member_limit=_limit(document, "per_member_limit"),
        shards=_count(document, "shards", 1, SHARDS_MAX) if "shards" in document else 0,
        state=state,
        per_day_limit=_limit(document, "per_day_limit"),
        opens_at=_time(document, "opens_at"),
        closes_at=_time(document, "closes_at"),
        description=_description(document),
        pictures=tuple(Picture(each) for each in _list(document, "pictures", PICTURES_MAX, _ID)),
        regions=_list(document, "regions", REGIONS_MAX, _REGION),
        merchant_id=_name(document, "merchant_id"),
        partner_id=_name(document, "partner_id"),
        partner_item=_name(document, "partner_item"),
        queue_shards=_count(document, "queue_lanes", 1, QUEUE_SHARDS_MAX)
        if document.get("queue_lanes")
        else 0,
        cancellable=_flag(document, "cancellable"),
        valid_days=_count(document, "valid_days", 1, DAYS_MAX) if "valid_days" in document else COUPON_DAYS,
    )
    return _delivered(_consistent(_sponsored(made, document.get("sponsor"))), document.get("delivery"))


def _delivered(made: Reward, wanted: Any) -> Reward:
    """With how it is handed over: as it is wanted, or as it is usual."""
    ways = delivery_of(made.kind, made.merchant_id, made.partner_id)
    if wanted is not None and wanted not in ways:
        raise RewardInvalid(field="delivery", rule=f"for this kind and who gives it: {', '.join(ways)}")
    return replace(made, delivery=wanted or ways[0])


def require_kind(rules: Programme, kind: str) -> None:
    """Raise RewardKindNotOffered unless the programme's document has this kind of rewards."""
    if kind not in rules.reward_kinds:
        raise RewardKindNotOffered(kind=kind, known=", ".join(rules.reward_kinds) or "-")


def _sponsored(made: Reward, sponsor: Any) -> Reward:
    if sponsor is None:
        return made
    if not isinstance(sponsor, Mapping) or set(sponsor) != {"budget_id", "fen"} or not sponsor["budget_id"]:
        raise RewardInvalid(field="sponsor", rule="budget_id and fen")
    return replace(made, budget_id=_name(sponsor, "budget_id"), fen=_count(sponsor, "fen", 1, FEN_MAX))


def _consistent(made: Reward) -> Reward:
    if made.opens_at and made.closes_at and made.closes_at <= made.opens_at:
        raise RewardInvalid(field="closes_at", rule="after opens_at")
    if made.is_granted and (
        made.cancellable or made.merchant_id or made.partner_id or made.queue_shards or made.fen
    ):
        raise RewardInvalid(
            field="price_points", rule="a prize is given by the programme, and not given back"
        )
    if made.kind == COUPON and not (made.merchant_id or made.partner_id):
        raise RewardInvalid(field="merchant_id", rule="a merchant or a partner has to honour it")
    if made.fen and not made.merchant_id:
        raise RewardInvalid(field="sponsor", rule="there is a merchant to be paid")
    if made.partner_id and made.kind not in (COUPON, GOOD, SERVICE):
        raise RewardInvalid(field="partner_id", rule="partners give goods, coupons and services")
    if made.kind == DONATION and made.queue_shards:
        raise RewardInvalid(field="queue_lanes", rule="nobody queues to give")
    if made.fen * made.stock > AMOUNT_MAX:
        raise RewardInvalid(field="sponsor", rule="less money")
    return made


def _id_of(programme_id: str, kind: str, title: Mapping[str, str]) -> str:
    return ids.key_id("reward", programme_id, kind, json.dumps(title, sort_keys=True, ensure_ascii=False))


def _is_text(text: object, most: int) -> bool:
    if not isinstance(text, Mapping) or set(text) != LANGUAGES:
        return False
    return all(isinstance(value, str) and value.strip() and len(value) <= most for value in text.values())


def _description(document: Mapping[str, Any]) -> dict[str, str]:
    text = document.get("description") or {}
    if text and not _is_text(text, DESCRIPTION_MAX):
        raise RewardInvalid(field="description", rule=f"zh-CN and en, 1 to {DESCRIPTION_MAX} characters each")
    return dict(text)


def _list(document: Mapping[str, Any], field: str, most: int, pattern: re.Pattern[str]) -> tuple[str, ...]:
    values = document.get(field) or []
    fits = isinstance(values, list | tuple) and all(isinstance(v, str) and pattern.match(v) for v in values)
    if not fits or len(values) > most:
        raise RewardInvalid(field=field, rule=f"at most {most} names")
    return tuple(dict.fromkeys(values))


def _name(document: Mapping[str, Any], field: str) -> str:
    value = document.get(field) or ""
    if not isinstance(value, str) or (value and not _ID.match(value)):
        raise RewardInvalid(field=field, rule="1 to 64 letters, digits and hyphens")
    return value


def _flag(document: Mapping[str, Any], field: str) -> bool:
    value = document.get(field, False)
    if type(value) is not bool:
        raise RewardInvalid(field=field, rule="true or false")
    return value


def _time(document: Mapping[str, Any], field: str) -> datetime | None:
    text = document.get(field)
    if text is None:
        return None
    try:
        return clock.from_text(text).replace(microsecond=0)
    except (TypeError, ValueError):
        raise RewardInvalid(field=field, rule="a time with an offset") from None


def _limit(document: Mapping[str, Any], field: str) -> int | None:
    return _count(document, field, 1, LIMIT_MAX) if document.get(field) is not None else None


def _count(document: Mapping[str, Any], field: str, least: int, most: int) -> int:
    value = document.get(field)
    if type(value) is not int or not least <= value <= most:
        raise RewardInvalid(field=field, rule=f"an integer from {least} to {most}")
    return value
