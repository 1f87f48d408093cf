"""Access tokens of both kinds. A kind's state: ``value``, ``expires_at``, ``old`` (values that still work
until then), ``ended`` (values that once worked), and for forced renewals their times."""

import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from infra.local.wechat.answers import Refusal
from infra.local.wechat.platform import Asked, Platform, require_app

TOKEN_SECONDS = 7200
OVERLAP_SECONDS = 300
FORCED_APART_SECONDS = 30
FORCED_A_DAY = 20
ENDED_KEPT = 50


async def token(platform: Platform, asked: Asked) -> dict[str, Any]:
    """GET /cgi-bin/token: each call makes a new token; the one before works five minutes more."""
    _require_credentials(platform, asked.query)
    return _issue(platform, "classic", _renewed)


async def stable_token(platform: Platform, asked: Asked) -> dict[str, Any]:
    """POST /cgi-bin/stable_token: the same token with its remaining seconds, renewed in its last five
    minutes."""
    body = asked.body()
    _require_credentials(platform, {name: value for name, value in body.items() if isinstance(value, str)})
    return _issue(platform, "stable", _forced if body.get("force_refresh") is True else _kept)


def require_token(platform: Platform, query: Mapping[str, str]) -> None:
    """Raises Refusal 41001 without a token, 42001 for one that has ended, 40001 for any other."""
    given = query.get("access_token", "")
    if not given:
        raise Refusal(41001)
    now = platform.now()
    with platform.state.reading() as known:
        for kind in known.tokens.values():
            if _same(kind["value"], given) and kind["expires_at"] > now:
                return
            if any(_same(value, given) and until > now for value, until in kind["old"].items()):
                return
            if given == kind["value"] or given in kind["old"] or given in kind["ended"]:
                raise Refusal(42001)
    raise Refusal(40001)


def revoke(platform: Platform) -> None:
    """End every token at once, as a change of the app secret does: each of them then answers 40001."""
    with platform.state.changing() as known:
        known.tokens.clear()


def _issue(platform: Platform, kind: str, choose: Any) -> dict[str, Any]:
    now = platform.now()
    with platform.state.changing() as known:
        known.tokens[kind] = choose(known.tokens.get(kind), now)
        return {
            "access_token": known.tokens[kind]["value"],
            "expires_in": int(known.tokens[kind]["expires_at"] - now),
        }


def _kept(kind: dict[str, Any] | None, now: float) -> dict[str, Any]:
    if kind and kind["expires_at"] - now > OVERLAP_SECONDS:
        return kind
    return _renewed(kind, now)


def _renewed(kind: dict[str, Any] | None, now: float) -> dict[str, Any]:
    old = {value: until for value, until in (kind["old"] if kind else {}).items() if until > now}
    ended = list(kind["ended"]) if kind else []
    if kind:
        old[kind["value"]] = min(kind["expires_at"], now + OVERLAP_SECONDS)
        ended = [*ended, kind["value"]][-ENDED_KEPT:]
    forced = kind["forced"] if kind else []
    return {"value": _new(), "expires_at": now + TOKEN_SECONDS, "old": old, "ended": ended, "forced": forced}


def _forced(kind: dict[str, Any] | None, now: float) -> dict[str, Any]:
    forced = [at for at in (kind["forced"] if kind else []) if now - at < 86_400]
    if kind and forced and now - forced[-1] < FORCED_APART_SECONDS:
        return _kept(kind, now)
    if len(forced) >= FORCED_A_DAY:
        raise Refusal(45009)
    ended = kind["ended"] if kind else []
    return {
        "value": _new(),
        "expires_at": now + TOKEN_SECONDS,
        "old": {},
        "ended": ended,
        "forced": [*forced, now],
    }


def _require_credentials(platform: Platform, given: Mapping[str, str]) -> None:
    if given.get("grant_type") != "client_credential":
        raise Refusal(40002)
    if not given.get("appid"):
        raise Refusal(41002)
    if not given.get("secret"):
        raise Refusal(41004)
    require_app(platform, given["appid"], given["secret"])


def _new() -> str:
    return f"STANDIN_{secrets.token_urlsafe(102)}"


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode())
