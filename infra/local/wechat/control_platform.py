"""Control side, the platform: verdicts, push settings, templates, tokens, faults, the clock."""

import re
from dataclasses import asdict, fields
from typing import Any

import anyio.to_thread
import httpx

from infra.local.wechat import content, envelopes, tokens
from infra.local.wechat.control_input import Wrong, member
from infra.local.wechat.faults import Fault, Faults
from infra.local.wechat.outbox import Outbox, http_client
from infra.local.wechat.platform import Platform

_SHA256 = re.compile(r"[0-9a-f]{64}")
SECRET_SETTINGS = ("token", "aes_key")


def actions(platform: Platform, faults: Faults, outbox: Outbox) -> dict[tuple[str, str], Any]:
    """(method, path) -> action."""
    console = _Console(platform, faults, outbox)
    return {
        ("POST", "/verdicts"): console.verdict,
        ("DELETE", "/verdicts"): console.forget_verdicts,
        ("POST", "/templates"): console.template,
        ("GET", "/templates"): console.templates,
        ("POST", "/push"): console.push,
        ("GET", "/push"): console.push,
        ("POST", "/push/releases"): console.release,
        ("POST", "/push/verifications"): console.verify_address,
        ("POST", "/push/events"): console.event,
        ("GET", "/push/deliveries"): console.deliveries,
        ("POST", "/token-revocations"): console.revoke_tokens,
        ("POST", "/faults"): console.fault,
        ("GET", "/faults"): console.faults,
        ("DELETE", "/faults"): console.clear_faults,
        ("POST", "/clock"): console.clock,
    }


class _Console:
    def __init__(self, platform: Platform, faults: Faults, outbox: Outbox) -> None:
        self._platform = platform
        self._faults = faults
        self._outbox = outbox

    def verdict(self, given: dict[str, Any]) -> dict[str, Any]:
        sha256, keyword = member(given, "sha256", str, ""), member(given, "keyword", str, "")
        suggest, label = member(given, "suggest", str), member(given, "label", int, 21000)
        if bool(sha256) == bool(keyword) or (sha256 and not _SHA256.fullmatch(sha256)):
            raise Wrong(
                "给出 sha256（64 位十六进制）或 keyword 之一。Give either sha256 (64 hex digits) or keyword."
            )
        if suggest not in content.SEVERITY or label not in content.LABELS:
            raise Wrong(f"suggest: {', '.join(content.SEVERITY)}; label: {content.LABELS}")
        verdict = {"suggest": suggest, "label": label} | (
            {"sha256": sha256} if sha256 else {"keyword": keyword}
        )
        with self._platform.state.changing() as known:
            same = {"sha256": sha256} if sha256 else {"keyword": keyword}
            known.verdicts = [old for old in known.verdicts if not same.items() <= old.items()] + [verdict]
        return verdict

    def forget_verdicts(self, _: dict[str, Any]) -> dict[str, Any]:
        with self._platform.state.changing() as known:
            known.verdicts = []
        return {"items": []}

    def template(self, given: dict[str, Any]) -> dict[str, Any]:
        template_id, names = member(given, "template_id", str), member(given, "fields", list)
        if not template_id or not names or not all(isinstance(name, str) for name in names):
            raise Wrong('fields 形如 Give fields as ["thing1", "time2"].')
        with self._platform.state.changing() as known:
            known.templates[template_id] = names
        return {"template_id": template_id, "fields": names}

    def templates(self, _: dict[str, Any]) -> dict[str, Any]:
        with self._platform.state.reading() as known:
            own = self._platform.templates(known)
        return {"items": [{"template_id": name, "fields": list(names)} for name, names in own.items()]}

    def push(self, given: dict[str, Any]) -> dict[str, Any]:
        try:
            settings = self._platform.change_push(given)
        except ValueError as error:
            raise Wrong(str(error)) from None
        return {name: value for name, value in asdict(settings).items() if name not in SECRET_SETTINGS}

    def release(self, given: dict[str, Any]) -> dict[str, Any]:
        self._platform.change_push({"held": False})
        return {"released": self._outbox.release(reverse=member(given, "reverse", bool, False))}

    async def verify_address(self, _: dict[str, Any]) -> dict[str, Any]:
        settings = self._platform.push
        query = envelopes.verification(settings, int(self._platform.now()))

        def ask() -> bool:
            with http_client() as client:
                answer = client.get(settings.url, params=query)
            return answer.status_code == 200 and answer.text == query["echostr"]

        try:
            return {"verified": await anyio.to_thread.run_sync(ask)}
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return {"verified": False, "error": type(error).__name__}

    def event(self, given: dict[str, Any]) -> dict[str, Any]:
        header = {
            "ToUserName": "gh_puhuilocal01",
            "CreateTime": int(self._platform.now()),
            "MsgType": "event",
        }
        self._outbox.send({**header, **given})
        return {"queued": True}

    def deliveries(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"items": self._outbox.deliveries()}

    def revoke_tokens(self, _: dict[str, Any]) -> dict[str, Any]:
        tokens.revoke(self._platform)
        return {"revoked": True}

    def fault(self, given: dict[str, Any]) -> dict[str, Any]:
        known = {each.name for each in fields(Fault)}
        if unknown := set(given) - known:
            raise Wrong(f"未知 unknown: {', '.join(sorted(unknown))}; {', '.join(sorted(known))}")
        fault = Fault(
            path=member(given, "path", str),
            errcode=member(given, "errcode", int, 0),
            http_status=member(given, "http_status", int, 0),
            delay_ms=member(given, "delay_ms", int, 0),
            lose_reply=member(given, "lose_reply", bool, False),
            times=member(given, "times", int, 1),
        )
        if not (fault.errcode or fault.http_status or fault.delay_ms or fault.lose_reply) or fault.times < 1:
            raise Wrong(
                "给出 errcode、http_status、delay_ms 或 lose_reply，times >= 1。Give one of them; times >= 1."
            )
        self._faults.order(fault)
        return asdict(fault)

    def faults(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"items": self._faults.left()}

    def clear_faults(self, _: dict[str, Any]) -> dict[str, Any]:
        self._faults.clear()
        return {"items": []}

    def clock(self, given: dict[str, Any]) -> dict[str, Any]:
        with self._platform.state.changing() as known:
            if member(given, "reset", bool, False):
                known.clock_ahead_s = 0.0
            known.clock_ahead_s += member(given, "advance_s", int, 0)
        return {"now": int(self._platform.now())}
