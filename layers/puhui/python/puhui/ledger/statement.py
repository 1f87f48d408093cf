"""A line of a statement, for people: what it was about, one sentence, and what it changed. Pure.

``credits_mg`` of a change is what counts as the account's own reduction: grams that became points went to the programme's pool
and are counted all the same, so that the lines of a member add up to ``reduced_mg``. Legs and accounts are details.
"""

from calendar import month_name
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from puhui.kernel import clock
from puhui.kernel.languages import counted
from puhui.kernel.quantities import grams_text
from puhui.kernel.words import Text
from puhui.ledger.model import Transfer, balance_field, is_limited

ABOUT_ACTIVITY, ABOUT_REDEMPTION, ABOUT_LOT, ABOUT_TRANSFER = "activity", "redemption", "lot", "transfer"
LOT_LENGTH = len("2028-11")
POINTS: Text = {"zh-CN": "分", "en": "points"}

_ABOUT = {
    "credit": ABOUT_ACTIVITY,
    "share": ABOUT_ACTIVITY,
    "correction": ABOUT_ACTIVITY,
    "reversal": ABOUT_ACTIVITY,
    "appeal": ABOUT_ACTIVITY,
    "redemption": ABOUT_REDEMPTION,
    "donation": ABOUT_REDEMPTION,
    "refund": ABOUT_REDEMPTION,
    "hold": ABOUT_REDEMPTION,
    "void": ABOUT_REDEMPTION,
    "expire": ABOUT_REDEMPTION,
}
_TITLES: Mapping[str, Text] = {
    "credit": {"zh-CN": "低碳行为", "en": "Green act"},
    "share": {"zh-CN": "好友收取", "en": "Collected among friends"},
    "correction": {"zh-CN": "低碳行为", "en": "Green act"},
    "reversal": {"zh-CN": "低碳行为", "en": "Green act"},
    "appeal": {"zh-CN": "低碳行为", "en": "Green act"},
    "redemption": {"zh-CN": "兑换", "en": "Redemption"},
    "donation": {"zh-CN": "捐赠", "en": "Donation"},
    "refund": {"zh-CN": "兑换", "en": "Redemption"},
    "hold": {"zh-CN": "兑换", "en": "Redemption"},
    "void": {"zh-CN": "兑换", "en": "Redemption"},
    "expire": {"zh-CN": "兑换", "en": "Redemption"},
    "lot": {"zh-CN": "积分到期", "en": "Points that ended"},
}
_OTHER: Text = {"zh-CN": "账目变动", "en": "Entry"}
_SENTENCES: Mapping[str, Text] = {
    "credit": {"zh-CN": "{title}计入{gain}。", "en": "{title}: {gain}."},
    "share": {
        "zh-CN": "好友收取了{title}的一部分：{gain}。",
        "en": "A friend collected a part of this act ({title}): {gain}.",
    },
    "shared": {
        "zh-CN": "收取了好友的{title}：{gain}。",
        "en": "Collected from a friend's act ({title}): {gain}.",
    },
    "reversal": {"zh-CN": "{title}已撤销：{gain}。", "en": "{title}, taken back: {gain}."},
    "appeal": {"zh-CN": "{title}申诉成功：{gain}。", "en": "{title}, after your appeal: {gain}."},
    "correction": {
        "zh-CN": "{title}按更正后的因子重新计算：{gain}。",
        "en": "{title}, counted anew by the corrected factor: {gain}.",
    },
    "redemption": {"zh-CN": "兑换{title}，用去 {points}。", "en": "Redeemed: {title}, for {points}."},
    "donation": {"zh-CN": "捐赠{title}，用去 {points}。", "en": "Donated: {title}, {points}."},
    "refund": {"zh-CN": "{title}退回 {points}。", "en": "{points} came back: {title}."},
    "hold": {"zh-CN": "为{title}预留 {points}。", "en": "{points} set aside: {title}."},
    "void": {
        "zh-CN": "为{title}预留的 {points} 已退回。",
        "en": "{points} that were set aside came back: {title}.",
    },
    "expire": {
        "zh-CN": "为{title}预留的 {points} 已退回。",
        "en": "{points} that were set aside came back: {title}.",
    },
    "lot": {"zh-CN": "{points} 的有效期到 {month} 为止，已作废。", "en": "Ended with {month}: {points}."},
    "other": {"zh-CN": "账目变动：{gain}。", "en": "Entry: {gain}."},
}


class About(NamedTuple):
    """What a line is about. ``owner``: whose it is, "" for the statement's own."""

    type: str
    id: str
    owner: str = ""


@dataclass(frozen=True)
class Names:
    """What things are called: ``titles`` by what a line is about, ``units`` (of points) by programme. ``times``: when acts of one's
    own happened; ``pieces``: how many were redeemed at once."""

    titles: Mapping[About, Text] = field(default_factory=dict)
    units: Mapping[str, Text] = field(default_factory=dict)
    times: Mapping[About, datetime] = field(default_factory=dict)
    pieces: Mapping[About, int] = field(default_factory=dict)


def about(posted: Transfer, account: str) -> About:
    """What a transfer is about, by its kind and its reference."""
    if _is_lot(posted):
        return About(ABOUT_LOT, posted.reference)
    kind = _ABOUT.get(posted.kind)
    if kind is None or not posted.reference:
        return About(ABOUT_TRANSFER, posted.id)
    owner = posted.owners[0]
    return About(kind, posted.reference, owner if kind == ABOUT_ACTIVITY and owner != account else "")


def programme_of(posted: Transfer) -> str:
    """The programme in which it moved something; "" for money."""
    units = (balance_field(leg.asset)[0] for leg in posted.legs)
    return next((unit for unit in units if unit != "CNY"), "")


def line(posted: Transfer, account: str, names: Names) -> dict[str, Any]:
    """A line in the statement of ``account``; of other people's accounts only the kind is shown."""
    concerned = about(posted, account)
    kind = _kind_of_line(posted)
    title = names.titles.get(concerned) or _TITLES.get(kind, _OTHER)
    named = _named(title, posted.at, names.times.get(concerned), names.pieces.get(concerned, 1))
    unit = names.units.get(programme_of(posted), POINTS)
    subject = {"type": concerned.type, "id": concerned.id}
    if occurred_at := names.times.get(concerned):
        subject["occurred_at"] = clock.to_text(occurred_at)
    shown: dict[str, Any] = {
        "id": posted.id,
        "at": clock.to_text(posted.at),
        "kind": posted.kind,
        "programme_id": programme_of(posted),
        "title": title,
        "sentence": _sentence(posted, account, named, unit),
        "about": subject,
        "change": change(posted, account),
        "details": {"legs": [_leg(leg.account, leg.asset, leg.amount, account) for leg in posted.legs]},
        "entry_id": posted.id,  # a transfer's entry in the journal has its id
    }
    return {name: value for name, value in shown.items() if value != ""}


def change(posted: Transfer, account: str) -> dict[str, int]:
    """What it did to the account's reduction (mg) and points; what it did not change is not named."""
    counts = posted.owners[0] == account
    mg = sum(
        leg.amount
        for leg in posted.legs
        if leg.asset.startswith("CO2E:")
        and (leg.account == account or (counts and leg.account.startswith("pool:")))
    )
    points = sum(leg.amount for leg in posted.legs if leg.account == account and leg.asset.startswith("PTS:"))
    return {name: value for name, value in (("credits_mg", mg), ("points", points)) if value}


def _is_lot(posted: Transfer) -> bool:
    return posted.kind == "expire" and len(posted.reference) == LOT_LENGTH


def _kind_of_line(posted: Transfer) -> str:
    return "lot" if _is_lot(posted) else posted.kind


def _named(title: Text, at: datetime, occurred_at: datetime | None, pieces: int) -> Text:
    """What a sentence calls it: an act of another day than the line's with its day, several pieces with their number."""
    chinese, english = f"「{title['zh-CN']}」", title["en"]
    if pieces > 1:
        chinese, english = f"{chinese}× {pieces}", f"{pieces} × {english}"
    if occurred_at and (day := clock.programme_day(occurred_at)) != (line_day := clock.programme_day(at)):
        year = "" if day.year == line_day.year else str(day.year)
        chinese = f"{f'{year} 年 ' if year else ''}{day.month} 月 {day.day} 日{chinese}"
        english = f"{english} on {day.day} {month_name[day.month]} {year}".rstrip()
    return {"zh-CN": chinese, "en": english}


def _sentence(posted: Transfer, account: str, title: Text, unit: Text) -> Text:
    kind = _kind_of_line(posted)
    if kind == "share" and posted.owners[0] != account:
        kind = "shared"
    template = _SENTENCES.get(kind, _SENTENCES["other"])
    moved = change(posted, account)
    points = abs(moved.get("points", 0)) or _spent(posted)  # what was set aside before is spent out of escrow
    return {
        language: template[language].format(
            title=title[language],
            gain=_gain(moved, language, unit[language]),
            points=_points(points, language, unit[language]),
            month=posted.reference,
        )
        for language in ("zh-CN", "en")
    }


def _spent(posted: Transfer) -> int:
    return sum(
        leg.amount
        for leg in posted.legs
        if leg.amount > 0 and leg.asset.startswith("PTS:") and not is_limited(leg.account)
    )


def _gain(moved: Mapping[str, int], language: str, unit: str) -> str:
    mg, points = moved.get("credits_mg", 0), moved.get("points", 0)
    chinese = language == "zh-CN"
    said = []
    if mg:
        grams = grams_text(abs(mg))
        less = "减排量减少" if mg < 0 else "减排"
        said.append(f"{less} {grams} 克" if chinese else f"{'-' if mg < 0 else ''}{grams} g of CO2e avoided")
    if points:
        amount = _points(abs(points), language, unit)
        taken, got = ("扣回", "得") if chinese else ("taken back", "earned")
        verb = taken if points < 0 else got
        said.append(f"{verb} {amount}" if chinese else f"{amount} {verb}")
    if not said:
        return "没有变动" if chinese else "nothing changed"
    return ("，" if chinese else ", ").join(said)


def _points(points: int, language: str, unit: str) -> str:
    return f"{points} {unit}" if language == "zh-CN" else counted(points, unit)


def _leg(owner: str, asset: str, amount: int, account: str) -> dict[str, Any]:
    seen = owner if owner == account or not is_limited(owner) else owner.partition(":")[0]
    return {"account": seen, "asset": asset, "amount": amount}
