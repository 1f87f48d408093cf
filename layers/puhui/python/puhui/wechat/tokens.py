"""The access token: kept in the process, shared between processes through a cache, renewed by one thread at a
time.

The stable token makes races harmless (whoever asks gets the same one), so a renewal is never forced: a forced
one kills the token under everybody else's feet, and WeChat allows twenty a day.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from puhui.kernel.errors import Unavailable
from puhui.wechat.model import Token, TokenCache

# In its last five minutes WeChat hands out the next token while the old one still works.
RENEW_BEFORE = timedelta(minutes=4)


class AccessTokens:
    """``fetch(deadline)`` asks WeChat; ``now`` is the clock."""

    def __init__(
        self, fetch: Callable[[float], Token], cache: TokenCache, now: Callable[[], datetime]
    ) -> None:
        self._fetch = fetch
        self._cache = cache
        self._now = now
        self._lock = threading.Lock()
        self._token: Token | None = None

    def current(self, deadline: float) -> str:
        """A token that works. Raises the errors of the fetch when there is none and none can be had."""
        if (token := self._token) and self._lasts(token):
            return token.value
        with self._lock:
            for known in (self._token, self._cache.load()):
                if known and self._lasts(known):
                    self._token = known
                    return known.value
            return self._renewed(deadline)

    def after_refusal(self, rejected: str, deadline: float) -> str:
        """The token to replay with once WeChat has refused ``rejected``."""
        with self._lock:
            for known in (self._token, self._cache.load()):
                if known and known.value != rejected and self._lasts(known):
                    self._token = known
                    return known.value
            return self._keep(self._fetch(deadline), rejected)

    def _renewed(self, deadline: float) -> str:
        old = self._token
        try:
            token = self._fetch(deadline)
        except Unavailable:
            if old and old.expires_at > self._now():
                return old.value
            raise
        return self._keep(token, rejected="")

    def _keep(self, token: Token, rejected: str) -> str:
        self._token = token
        self._cache.save(token, rejected)
        return token.value

    def _lasts(self, token: Token) -> bool:
        return token.expires_at - self._now() > RENEW_BEFORE
