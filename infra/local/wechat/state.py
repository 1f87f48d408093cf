"""What the stand-in knows: plain data under one lock, saved to a JSON file shortly after it changed."""

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infra.local.wechat.people import DEMO_OPENIDS

SAVE_AFTER_SECONDS = 0.2


@dataclass
class User:
    """``steps`` is what the phone counted, by date; ``accepts`` the one-time subscriptions left, by
    template."""

    openid: str
    nickname: str = ""
    unionid: str = ""
    session_key: str = ""
    rotations: int = 0
    visited_at: float = 0.0
    risk_blocked: bool = False
    risk_rank: int = 0
    demo: bool = False
    steps: dict[str, int] = field(default_factory=dict)
    accepts: dict[str, int] = field(default_factory=dict)


@dataclass
class Known:
    """Everything that outlives a restart. Times are epoch seconds of the stand-in's clock."""

    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)  # by kind: value, expires_at, previous...
    messages: list[dict[str, Any]] = field(default_factory=list)
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    templates: dict[str, list[str]] = field(default_factory=dict)
    push: dict[str, Any] = field(default_factory=dict)  # settings the control side has changed
    clock_ahead_s: float = 0.0


class State:
    """``with state.changing() as known:`` changes it; ``with state.reading() as known:`` reads it."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None
        self._known = _load(file)
        for openid in DEMO_OPENIDS:
            self._known.users.setdefault(openid, User(openid, nickname=openid, demo=True))

    @contextlib.contextmanager
    def reading(self) -> Iterator[Known]:
        """The data, unchanging for the block."""
        with self._lock:
            yield self._known

    @contextlib.contextmanager
    def changing(self) -> Iterator[Known]:
        """The data, for the block alone to change; saved soon after."""
        with self._lock:
            yield self._known
            if self._file and self._timer is None:
                self._timer = threading.Timer(SAVE_AFTER_SECONDS, self.save)
                self._timer.daemon = True
                self._timer.start()

    def save(self) -> None:
        """Write the file now, whole or not at all."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
            self._timer = None
            if not self._file:
                return
            text = json.dumps(asdict(self._known), ensure_ascii=False)
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft = self._file.with_suffix(".new")
            draft.touch(mode=0o600)
            draft.write_text(text, encoding="utf-8")
            os.replace(draft, self._file)  # noqa: PTH105 the atomic one


def _load(file: Path | None) -> Known:
    if file is None or not file.exists():
        return Known()
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
        users = {openid: User(**user) for openid, user in saved.pop("users").items()}
        return Known(users=users, **saved)
    except (ValueError, TypeError, KeyError) as error:
        raise SystemExit(
            f"{file}: 微信替身的状态文件无法读取，请删除后重启（make reset）。"
            f"The stand-in's state cannot be read: delete the file and start again (make reset). {error}"
        ) from None
