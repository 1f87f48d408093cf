"""One signed request to a partner's server: bounded in time and size, to public addresses only, and silent.

What a partner answers may hold a member's voucher, so nothing of it is logged and no exception carries it.
"""

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util.connection import create_connection

from puhui.partners.errors import PartnerInvalid, PartnerUnavailable
from puhui.partners.model import Message, Reply, is_open, require_url

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 3.0, 8.0, 11.0
ANSWER_BYTES_MAX = 64 * 1024
_CHUNK_BYTES = 8 * 1024
_log = logging.getLogger("puhui.partners")


class Client:
    """Keeps connections open between calls; one a process. ``stage``: see ``model.is_open``; ``seconds``: to connect,
    between two bytes, and in all."""

    def __init__(
        self, stage: str, seconds: tuple[float, float, float] = (CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS)
    ) -> None:
        self._stage = stage
        self._seconds = seconds
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy or .netrc of the environment has no business with partners
        adapter = _Guarded(stage)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def send(self, message: Message, headers: Mapping[str, str]) -> Reply:
        """The answer, whatever its status. Raises PartnerUnavailable when none came that may be read: no connection, too
        late, too large, a redirect, or an address that is not the public internet's."""
        reason = "no answer"
        try:
            require_url(message.url, self._stage)
            return self._exchange(message, headers)
        except _NoReply as error:
            reason = str(error)
        except PartnerInvalid:
            reason = "address refused"
        except (
            requests.RequestException,
            HTTPError,
            OSError,
            UnicodeError,
        ) as error:  # a host that is no name
            reason = type(error).__name__
        _log.warning("%s", json.dumps({"partner_message": message.id, "reason": reason}))
        raise PartnerUnavailable(reason=reason)

    def _exchange(self, message: Message, headers: Mapping[str, str]) -> Reply:
        connect, read, total = self._seconds
        with (
            _Bound(total) as bound,
            self._session.post(
                message.url,
                data=message.body,
                headers={"Content-Type": "application/json", "Accept-Encoding": "identity", **headers},
                timeout=(connect, read),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            if response.is_redirect or 300 <= response.status_code < 400:
                raise _NoReply("redirect")
            content = bytearray()
            # As the bytes come: a compressed answer stays small, and is unreadable.
            while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=False):
                content += chunk
                if len(content) > ANSWER_BYTES_MAX:
                    raise _NoReply("too large")
            if bound.is_over:  # what was cut off may look like a whole answer
                raise _NoReply("too slow")
            return Reply(response.status_code, bytes(content), response.headers.get("Retry-After", ""))


class _NoReply(Exception):
    """Why there is nothing to read."""


class _Bound:
    """So many seconds for one exchange, whatever drips or repeats: then its sockets are shut down, by copies of them, since
    TLS and the response take the connection's own away."""

    here = threading.local()  # ``here.bound``: of the exchange that this thread is in

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._held: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self.here.bound = self
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._timer.cancel()
        with self._lock:
            for held in self._held:
                held.close()
            self._held = []
        if self.is_over and isinstance(error, Exception):
            raise _NoReply("too slow") from None

    @property
    def left(self) -> float:
        """Seconds, never below zero."""
        return max(0.0, self._until - time.monotonic())

    @property
    def is_over(self) -> bool:
        return not self.left

    def hold(self, sock: socket.socket) -> None:
        """Shut this one down, too, when the time is over."""
        copy = socket.socket(sock.family, sock.type, sock.proto, fileno=os.dup(sock.fileno()))
        with self._lock:
            self._held.append(copy)
        if self.is_over:
            self._shut()

    def _shut(self) -> None:
        with self._lock:
            for held in self._held:
                with suppress(OSError):
                    held.shutdown(socket.SHUT_RDWR)


def _connected(connection: HTTPConnection, stage: str) -> socket.socket:
    """A connection to the first of the name's addresses that answers, as long as there is time."""
    bound, failed = _Bound.here.bound, OSError("no time left")
    found = socket.getaddrinfo(connection.host.strip("[]"), connection.port, type=socket.SOCK_STREAM)
    for *_, address in found:
        if bound.is_over:
            break
        seconds = min(float(connection.timeout or CONNECT_SECONDS), bound.left)
        try:
            place = (str(address[0]), int(address[1]))
            sock = create_connection(place, seconds, socket_options=connection.socket_options)
        except OSError as error:
            failed = error
            continue
        bound.hold(sock)
        return _checked(connection, sock, stage)
    raise NewConnectionError(connection, type(failed).__name__)


def _checked(connection: HTTPConnection, sock: socket.socket, stage: str) -> socket.socket:
    """The socket, once it is known whom it reached: whatever a name resolves to from one moment to the next, not a byte
    goes to an address that we may not connect to."""
    if not is_open(sock.getpeername()[0], stage):
        sock.close()
        raise NewConnectionError(connection, "address refused")
    return sock


class _Guarded(HTTPAdapter):
    """Connections that look at their peer before anything is sent."""

    def __init__(self, stage: str) -> None:
        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return _connected(self, stage)

            def request(self, *args: Any, **options: Any) -> None:
                if self.sock:  # kept open since another exchange
                    _Bound.here.bound.hold(self.sock)
                super().request(*args, **options)

        class Secure(Plain, HTTPSConnection):
            pass

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self._pools = {"http": PlainPool, "https": SecurePool}
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools
