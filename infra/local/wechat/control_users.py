"""Control side, the phone: people, their logins, steps, visits and subscriptions."""

import re
import secrets
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from infra.local.wechat import ciphers
from infra.local.wechat.control_input import Wrong, member, user_of
from infra.local.wechat.login import Codes, rotate
from infra.local.wechat.messages import accepts_left
from infra.local.wechat.platform import Platform
from infra.local.wechat.state import User

CHINA = timezone(timedelta(hours=8))
WERUN_DAYS = 31
RISK_RANK_MAX = 4
_OPENID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def actions(platform: Platform, codes: Codes) -> dict[tuple[str, str], Any]:
    """(method, path) -> action."""
    phone = _Phone(platform, codes)
    return {
        ("POST", "/users"): phone.user,
        ("POST", "/login-codes"): phone.login_code,
        ("POST", "/werun"): phone.werun,
        ("POST", "/session-rotations"): phone.rotation,
        ("POST", "/visits"): phone.visit,
        ("POST", "/subscriptions"): phone.subscription,
        ("GET", "/messages"): phone.messages,
    }


class _Phone:
    def __init__(self, platform: Platform, codes: Codes) -> None:
        self._platform = platform
        self._codes = codes

    def user(self, given: dict[str, Any]) -> dict[str, Any]:
        openid = member(given, "openid", str, "o" + secrets.token_urlsafe(27)[:27])
        if not _OPENID.fullmatch(openid):
            raise Wrong("openid 只能含字母、数字、- 和 _。An openid has letters, digits, - and _.")
        rank = member(given, "risk_rank", int, -1)
        if "risk_rank" in given and not 0 <= rank <= RISK_RANK_MAX:
            raise Wrong("risk_rank 为 0 至 4。risk_rank is 0 to 4.")
        with self._platform.state.changing() as known:
            user = known.users.setdefault(openid, User(openid))
            user.risk_rank = user.risk_rank if rank < 0 else rank
            user.nickname = member(given, "nickname", str, user.nickname)
            user.unionid = member(given, "unionid", str, user.unionid)
            user.risk_blocked = member(given, "risk_blocked", bool, user.risk_blocked)
        return {"openid": openid}

    def login_code(self, given: dict[str, Any]) -> dict[str, Any]:
        with self._platform.state.reading() as known:
            openid = user_of(known, given).openid
        return {"code": self._codes.mint(self._platform, openid)}

    def werun(self, given: dict[str, Any]) -> dict[str, Any]:
        now = self._platform.now()
        today = datetime.fromtimestamp(now, CHINA).date()
        window = [today - timedelta(days=back) for back in range(WERUN_DAYS - 1, -1, -1)]
        entries = _entries(given)
        with self._platform.state.changing() as known:
            user = user_of(known, given)
            user.visited_at = now
            if not user.session_key:
                rotate(user)
            exact = member(given, "exact", bool, False)
            days = entries if exact else _counted(user, entries, window)
            content = {
                "stepInfoList": [{"timestamp": _day_start(day), "step": step} for day, step in days],
                "watermark": {
                    "timestamp": member(given, "timestamp", int, int(now)),
                    "appid": member(given, "appid", str, self._platform.config.app_id),
                },
            }
            return ciphers.user_data(content, user.session_key)

    def rotation(self, given: dict[str, Any]) -> dict[str, Any]:
        with self._platform.state.changing() as known:
            user = user_of(known, given)
            rotate(user)
            return {"openid": user.openid, "rotations": user.rotations}

    def visit(self, given: dict[str, Any]) -> dict[str, Any]:
        with self._platform.state.changing() as known:
            user = user_of(known, given)
            user.visited_at = self._platform.now() - member(given, "seconds_ago", int, 0)
            return {"openid": user.openid, "visited_at": int(user.visited_at)}

    def subscription(self, given: dict[str, Any]) -> dict[str, Any]:
        template_id, accepts = member(given, "template_id", str), member(given, "accepts", int)
        if accepts < 0:
            raise Wrong("accepts 不能为负。accepts is 0 (refused) or more.")
        with self._platform.state.changing() as known:
            if template_id not in self._platform.templates(known):
                raise Wrong(f"没有模板 {template_id}。There is no such template.", 404)
            user = user_of(known, given)
            user.accepts[template_id] = accepts
            return {
                "openid": user.openid,
                "template_id": template_id,
                "accepts": accepts_left(user, template_id),
            }

    def messages(self, given: dict[str, Any]) -> dict[str, Any]:
        with self._platform.state.reading() as known:
            openid = user_of(known, given).openid
            return {"items": [message for message in known.messages if message["openid"] == openid]}


def _entries(given: dict[str, Any]) -> list[tuple[date, int]]:
    entries: list[tuple[date, int]] = []
    for entry in member(given, "steps", list, []):
        try:
            day, step = date.fromisoformat(entry["date"]), entry["step"]
        except (KeyError, TypeError, ValueError):
            day, step = date.min, None
        if type(step) is not int or not datetime(1970, 1, 2, tzinfo=UTC).date() <= day:
            raise Wrong('steps 形如 Give steps as [{"date": "2026-11-20", "step": 8000}].')
        entries.append((day, step))
    return entries


def _counted(user: User, entries: list[tuple[date, int]], window: list[date]) -> list[tuple[date, int]]:
    for day, step in entries:
        if day not in window or step < 0:
            raise Wrong(
                f"{day} 不在最近 31 天内或步数为负；exact: true 则原样发送。{day} is not within the last 31 days "
                f"({window[0]} to {window[-1]}) or negative; exact: true sends the entries as they are."
            )
        user.steps[day.isoformat()] = step
    user.steps = {day: step for day, step in user.steps.items() if day >= window[0].isoformat()}
    return [(day, user.steps.get(day.isoformat(), 0)) for day in window]


def _day_start(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=CHINA).timestamp())
