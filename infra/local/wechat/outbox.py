"""Pushes to the backend: judged, written in the configured mode, delivered with the platform's retries.

The platform waits five seconds for ``success`` or an empty body and tries three times more. Each delivery
runs in a thread of its own, so that a slow receiver holds nobody up.
"""

import queue
import ssl
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Protocol

import httpx

from infra.local.wechat import envelopes
from infra.local.wechat.config import PushSettings
from infra.local.wechat.platform import Platform

ANSWER_SECONDS = 5.0
RETRY_AFTER_SECONDS = (5.0, 5.0, 5.0)
MEDIA_BYTES_MAX = 10 * 1024 * 1024
MEDIA_SECONDS = 30.0
PUSHES_KEPT = 500
WORKERS = 4
# jpg, png, bmp, gif
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"GIF8")


class Judge(Protocol):
    """Makes an event of a downloaded file (None when it could not be had)."""

    def __call__(self, trace_id: str, data: bytes | None) -> dict[str, Any]:
        """The event."""


@dataclass
class Delivery:
    """One push and what became of it: queued, held, delivered, given_up or no_url."""

    event: dict[str, Any]
    state: str = "queued"
    attempts: list[str] = field(default_factory=list)


class Outbox:
    """Starts its threads with the first push."""

    def __init__(self, platform: Platform, judge: Judge) -> None:
        self._platform = platform
        self._judge = judge
        self._log: deque[Delivery] = deque(maxlen=PUSHES_KEPT)
        self._work: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._closed = threading.Event()
        self._lock = threading.Lock()

    def check_later(self, trace_id: str, openid: str, media_url: str) -> None:
        """Download and judge the file, then push the verdict."""
        self._put(lambda: self._check(trace_id, openid, media_url))

    def send(self, event: dict[str, Any]) -> None:
        """Push an event as it is."""
        delivery = Delivery(event)
        with self._lock:
            self._log.append(delivery)
        if self._platform.push.held:
            delivery.state = "held"
        else:
            self._put(lambda: self._deliver(delivery))

    def release(self, *, reverse: bool) -> int:
        """Send what was held, in its order or the reverse; answers how many."""
        with self._lock:
            held = [delivery for delivery in self._log if delivery.state == "held"]
            for delivery in held:
                delivery.state = "queued"
        for delivery in reversed(held) if reverse else held:
            self._put(lambda delivery=delivery: self._deliver(delivery))
        return len(held)

    def deliveries(self) -> list[dict[str, Any]]:
        """All pushes that are remembered, oldest first."""
        with self._lock:
            return [asdict(delivery) for delivery in self._log]

    def close(self) -> None:
        """Stop; what was not delivered is lost, as when the platform gives up."""
        self._closed.set()
        for _ in self._threads:
            self._work.put(None)

    def _put(self, job: Any) -> None:
        with self._lock:
            while len(self._threads) < WORKERS and not self._closed.is_set():
                name = f"wechat-push-{len(self._threads)}"
                self._threads.append(threading.Thread(target=self._run, name=name, daemon=True))
                self._threads[-1].start()
        self._work.put(job)

    def _run(self) -> None:
        while (job := self._work.get()) is not None:
            job()

    def _check(self, trace_id: str, openid: str, media_url: str) -> None:
        settings = self._platform.push
        self._closed.wait(settings.first_delay_s * settings.time_scale)
        header = {
            "ToUserName": "gh_puhuilocal01",
            "FromUserName": openid,
            "CreateTime": int(self._platform.now()),
            "MsgType": "event",
            "Event": "wxa_media_check",
        }
        self.send({**header, **self._judge(trace_id, download(media_url))})

    def _deliver(self, delivery: Delivery) -> None:
        settings = self._platform.push
        if not settings.url:
            delivery.state = "no_url"
            return
        for _ in range(1 + settings.duplicates):
            self._attempt_until_heard(delivery, settings)

    def _attempt_until_heard(self, delivery: Delivery, settings: PushSettings) -> None:
        for pause in (0.0, *RETRY_AFTER_SECONDS):
            if self._closed.wait(pause * settings.time_scale):
                break
            heard = self._post(delivery, settings)
            delivery.attempts.append(heard)
            if heard == "success":
                delivery.state = "delivered"
                return
        delivery.state = "given_up" if delivery.state != "delivered" else "delivered"

    def _post(self, delivery: Delivery, settings: PushSettings) -> str:
        """ "success", or what was heard instead."""
        app_id, now = self._platform.config.app_id, int(self._platform.now())
        query, body, content_type = envelopes.write(delivery.event, settings, app_id, now)
        try:
            with http_client() as client:
                headers = {"Content-Type": content_type}
                answer = client.post(settings.url, params=query, content=body, headers=headers)
        except httpx.HTTPError as error:
            return type(error).__name__
        if answer.status_code == 200 and answer.text.strip() in ("", "success"):
            return "success"
        return f"http {answer.status_code}"


def http_client() -> httpx.Client:
    """Waits as long as the platform does, and leaves the proxies of this machine alone."""
    return httpx.Client(trust_env=False, timeout=ANSWER_SECONDS, verify=_authorities())


@cache
def _authorities() -> ssl.SSLContext:
    return ssl.create_default_context()  # costly to make: once


def download(url: str) -> bytes | None:
    """The picture at ``url``; None when it cannot be had, is over 10 MB, or is none of the picture types."""
    try:
        data = _fetched(url)
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return data if data.startswith(PICTURES) else None


def _fetched(url: str) -> bytes:
    """What lies at ``url``, b"" when it is too much or takes too long."""
    data = bytearray()
    until = time.monotonic() + MEDIA_SECONDS
    with http_client() as client, client.stream("GET", url, follow_redirects=True) as answer:
        answer.raise_for_status()
        for chunk in answer.iter_bytes():
            data += chunk
            if len(data) > MEDIA_BYTES_MAX or time.monotonic() > until:
                return b""
    return bytes(data)
