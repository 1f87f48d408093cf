"""The access token: asked for once, shared, renewed in time, and never torn from under another process."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from puhui.wechat.errors import WeChatBusy
from puhui.wechat.model import Session, Token
from puhui.wechat.tokens import AccessTokens

START = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DEADLINE = time.monotonic() + 3600


class Cache:
    """The shared cache, in memory."""

    def __init__(self) -> None:
        self.token: Token | None = None

    def load(self) -> Token | None:
        return self.token

    def save(self, token: Token, rejected: str) -> None:
        if not self.token or self.token.value == rejected or self.token.expires_at < token.expires_at:
            self.token = token


class Platform:
    """Counts what it is asked; its tokens are numbered."""

    def __init__(self) -> None:
        self.now = START
        self.asked = 0
        self.busy = False

    def fetch(self, _deadline: float) -> Token:
        self.asked += 1
        time.sleep(0.01)
        if self.busy:
            raise WeChatBusy
        return Token(f"token-{self.asked}", self.now + timedelta(hours=2))


def tokens(platform: Platform, cache: Cache) -> AccessTokens:
    return AccessTokens(platform.fetch, cache, lambda: platform.now)


def test_eight_threads_of_a_process_ask_for_one_token() -> None:
    platform = Platform()
    shared = tokens(platform, Cache())
    gate = threading.Barrier(8)

    def current(_: int) -> str:
        gate.wait()
        return shared.current(DEADLINE)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(current, range(8))) == {"token-1"}
    assert platform.asked == 1


def test_eight_threads_whose_token_was_refused_renew_it_once() -> None:
    platform = Platform()
    shared = tokens(platform, Cache())
    rejected = shared.current(DEADLINE)
    with ThreadPoolExecutor(8) as pool:
        replays = set(pool.map(lambda _: shared.after_refusal(rejected, DEADLINE), range(8)))
    assert replays == {"token-2"}
    assert platform.asked == 2


def test_another_process_takes_the_token_from_the_cache() -> None:
    platform, cache = Platform(), Cache()
    assert tokens(platform, cache).current(DEADLINE) == tokens(platform, cache).current(DEADLINE) == "token-1"
    assert platform.asked == 1


def test_a_refused_token_is_replaced_by_the_one_another_process_got() -> None:
    platform, cache = Platform(), Cache()
    first, second = tokens(platform, cache), tokens(platform, cache)
    rejected = first.current(DEADLINE)
    second.current(DEADLINE)
    assert first.after_refusal(rejected, DEADLINE) == "token-2"
    assert second.after_refusal(rejected, DEADLINE) == "token-2"
    assert platform.asked == 2


def test_a_token_is_renewed_before_it_ends() -> None:
    platform = Platform()
    shared = tokens(platform, Cache())
    shared.current(DEADLINE)
    platform.now += timedelta(minutes=115)
    assert shared.current(DEADLINE) == "token-1"
    platform.now += timedelta(minutes=2)
    assert shared.current(DEADLINE) == "token-2"


def test_the_old_token_serves_while_wechat_is_busy_until_it_ends() -> None:
    platform = Platform()
    shared = tokens(platform, Cache())
    shared.current(DEADLINE)
    platform.now += timedelta(minutes=118)
    platform.busy = True
    assert shared.current(DEADLINE) == "token-1"
    platform.now += timedelta(minutes=3)
    with pytest.raises(WeChatBusy):
        shared.current(DEADLINE)


@pytest.mark.parametrize("show", [repr, str])
def test_secrets_do_not_show(show: Callable[[object], str]) -> None:
    for secret in (Token("secret", START), Session("secret", "secret", "secret")):
        assert "secret" not in show(secret)
