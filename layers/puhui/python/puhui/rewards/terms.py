"""An operator's reward as it is handed in, checked member by member."""

import json
import re
from collections.abc import Mapping
from typing import Any

from puhui.kernel import ids
from puhui.programmes.api import programme
from puhui.rewards.errors import RewardInvalid
from puhui.rewards.model import SHARDS_MAX, Reward

KINDS = ("good", "coupon", "donation")
LANGUAGES = {"zh-CN", "en"}
TITLE_MAX = 80
PRICE_MAX = STOCK_MAX = 10**9  # times QUANTITY_MAX still far below the ledger's bound
LIMIT_MAX = 10**6
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}\Z")
_MEMBERS = {"id", "programme_id", "kind", "title", "price_points", "stock", "per_member_limit", "shards"}


def terms_from(document: Mapping[str, Any]) -> Reward:
    """The reward that ``{"id"?, "programme_id", "kind", "title", "price_points", "stock", "per_member_limit",
    "shards"?}`` describes; without an id, the one that programme, kind and title always have; 0 shards: as they are.

    Raises RewardInvalid, ProgrammeNotFound.
    """
    if unknown := sorted(set(document) - _MEMBERS):
        raise RewardInvalid(field=unknown[0], rule="no such member")
    rules = programme(str(document.get("programme_id")))
    if rules.points is None:
        raise RewardInvalid(field="programme_id", rule="the programme has no points")
    kind, title = document.get("kind"), document.get("title")
    if kind not in KINDS:
        raise RewardInvalid(field="kind", rule=f"one of {', '.join(KINDS)}")
    if not isinstance(title, Mapping) or set(title) != LANGUAGES or not all(map(_is_text, title.values())):
        raise RewardInvalid(field="title", rule=f"zh-CN and en, 1 to {TITLE_MAX} characters each")
    reward_id = document.get("id") or _id_of(rules.id, kind, title)
    if not isinstance(reward_id, str) or not _ID.match(reward_id):
        raise RewardInvalid(field="id", rule="1 to 64 letters, digits and hyphens")
    limited = document.get("per_member_limit") is not None
    return Reward(
        id=reward_id,
        programme_id=rules.id,
        kind=kind,
        title=dict(title),
        price_points=_count(document, "price_points", 1, PRICE_MAX),
        stock=_count(document, "stock", 0, STOCK_MAX),
        per_member_limit=_count(document, "per_member_limit", 1, LIMIT_MAX) if limited else None,
        shards=_count(document, "shards", 1, SHARDS_MAX) if "shards" in document else 0,
    )


def _id_of(programme_id: str, kind: str, title: Mapping[str, str]) -> str:
    return ids.key_id("reward", programme_id, kind, json.dumps(title, sort_keys=True, ensure_ascii=False))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= TITLE_MAX


def _count(document: Mapping[str, Any], field: str, least: int, most: int) -> int:
    value = document.get(field)
    if type(value) is not int or not least <= value <= most:
        raise RewardInvalid(field=field, rule=f"an integer from {least} to {most}")
    return value
