"""The witness over HTTP (c2sp.org/tlog-witness): ``POST /add-checkpoint``, ``GET /<hash of origin>/checkpoint``."""

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

from puhui.tlog import notes, witnessing
from puhui.tlog.errors import Malformed
from puhui.tlog.notes import Key, Note
from puhui.tlog.witnessing import BODY_BYTES_MAX, SIZE_TYPE
from puhui.witness import rules
from puhui.witness.rules import Accepted, Refused
from puhui.witness.state import Seen, State, StateError

TEXT_TYPE = "text/plain; charset=utf-8"
_LINGER_SECONDS, _LINGER_BYTES_MAX = 2.0, 16 * BODY_BYTES_MAX
_IDLE_SECONDS = 30  # of a connection that says nothing
_GRACE_SECONDS = 5.0  # for the requests under way when the server has to stop
_SHOWN_MAX = 200  # characters of an origin in a line of the log
_CHECKPOINT_PATH = re.compile(r"/([0-9a-f]{64})/checkpoint")

_SAYINGS = {
    400: "malformed request 请求格式有误",
    403: "the log has not signed this 缺少该日志的有效签名",
    404: "nothing of this name is known here 未找到：未登记的日志或路径",
    405: "this path wants another method 请求方法不对",
    411: "the request must state its length 请求须注明 Content-Length",
    413: f"a request has at most {BODY_BYTES_MAX} bytes 请求体过大",
    422: "not consistent with what was cosigned before 与先前联署的检查点不一致",
    500: "the witness cannot work now; its operator finds the cause in its log 见证服务暂时不可用，请联系运营者",
}


@dataclass(frozen=True)
class Answer:
    """What is sent back; ``origin`` and ``size`` (of the checkpoint in question) are for the log line."""

    status: int
    body: str
    kind: str = TEXT_TYPE
    origin: str = ""
    size: int | None = None
    remark: str = ""


def said(status: int, detail: str = "") -> str:
    """The text of an answer that a person may read: English and Chinese, then the detail."""
    saying = _SAYINGS.get(status, "this cannot be answered 无法处理该请求")
    return f"{saying}\n{detail}\n" if detail else f"{saying}\n"


class Witness:
    """The protocol without HTTP: bytes in, an ``Answer`` out."""

    def __init__(self, state: State, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives Unix seconds; it may be wrong or go back."""
        self._state = state
        self._clock = clock

    def add_checkpoint(self, body: bytes) -> Answer:
        """Check, persist and cosign. Raises StateError or OSError when the state cannot be read or written; nothing
        is cosigned then."""
        try:
            request = witnessing.parse(body)
            origin = rules.origin_of(request)
        except Malformed as error:
            return Answer(400, said(400, str(error)))
        log = self._state.log(origin)
        if log is None:
            return Answer(404, said(404), origin=origin)
        with self._state.locked(origin):
            seen = self._state.seen(log)
            decision = rules.decide(seen.checkpoint if seen else None, request, log)
            if isinstance(decision, Accepted):
                return self._cosigned(log, seen, decision)
            return self._refused(log, seen, decision)

    def _cosigned(self, log: Key, seen: Seen | None, accepted: Accepted) -> Answer:
        at = max(int(self._clock()), seen.at if seen else 1)
        own = notes.sign(accepted.note, self._state.signer, at)
        self._state.persist(log, Note(accepted.note.text, (*accepted.note.signatures, own)))
        return Answer(200, str(own), origin=log.name, size=accepted.checkpoint.size)

    def _refused(self, log: Key, seen: Seen | None, refused: Refused) -> Answer:
        remark = ""
        if refused.finding:
            kept = self._state.keep_evidence(log, seen, refused.finding, max(int(self._clock()), 0))
            remark = f"{refused.finding.kind.value}: {kept.name if kept else 'kept before, or no room'}"
        if refused.status == 409:
            body, kind = f"{seen.checkpoint.size if seen else 0}\n", SIZE_TYPE
        else:
            body, kind = said(refused.status, refused.why), TEXT_TYPE
        return Answer(refused.status, body, kind, log.name, refused.size, remark)

    def latest(self, name: str) -> Answer:
        """The latest cosigned checkpoint of the log whose origin has this hash. Raises StateError, OSError."""
        seen = self._state.latest(name)
        if seen is None:
            return Answer(404, said(404))
        return Answer(200, str(seen.note), origin=seen.checkpoint.origin, size=seen.checkpoint.size)


class WitnessServer(ThreadingHTTPServer):
    """A thread a connection. ``stop`` lets the requests under way end."""

    request_queue_size = 128

    def __init__(self, witness: Witness, host: str = "127.0.0.1", port: int = 0) -> None:
        """Bind; port 0 takes any free one. Raises OSError."""
        self.witness = witness
        self._busy = 0
        self._idle = threading.Condition()
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, which may take long."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    @property
    def url(self) -> str:
        """Where it listens."""
        host = str(self.server_name)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.server_port}"

    def count(self, step: int) -> None:
        """A request begins (1) or ends (-1)."""
        with self._idle:
            self._busy += step
            self._idle.notify_all()

    def stop(self) -> None:
        """End ``serve_forever`` (from another thread), take no new connections, wait for the requests under way."""
        self.shutdown()
        self.server_close()
        with self._idle:
            self._idle.wait_for(lambda: not self._busy, _GRACE_SECONDS)

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that broke is one line, not a traceback; a defect of ours is both."""
        error = sys.exception()
        if isinstance(error, OSError):
            _write(f"a connection broke: {type(error).__name__}")
        else:
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    server_version = "puhui-witness"
    sys_version = ""
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True  # head and body are two writes
    _body_left = True
    _counted = False
    _lingers = False

    def handle_one_request(self) -> None:
        """Wait for a request and answer it; it counts from its first line on, since waiting may last long."""
        self._counted = False
        try:
            super().handle_one_request()
        finally:
            if self._counted:
                self.server.count(-1)

    def parse_request(self) -> bool:
        """Read the head, after the first line."""
        self._counted = True
        self.server.count(1)
        return super().parse_request()

    def do_POST(self) -> None:
        body = self._body()
        path = self.path.partition("?")[0]
        if isinstance(body, Answer):
            self._send(body)
        elif path == "/add-checkpoint":
            self._send(self._worked(lambda: self.server.witness.add_checkpoint(body)))
        elif path == "/health" or _CHECKPOINT_PATH.fullmatch(path):
            self._send(Answer(405, said(405)))
        else:
            self._send(Answer(404, said(404)))

    def do_GET(self) -> None:
        self._body_left = (
            self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers
        )
        path = self.path.partition("?")[0]
        if found := _CHECKPOINT_PATH.fullmatch(path):
            self._send(self._worked(lambda: self.server.witness.latest(found[1])))
        elif path == "/health":
            self._send(Answer(200, "ok 正常\n"))
        elif path == "/add-checkpoint":
            self._send(Answer(405, said(405)))
        else:
            self._send(Answer(404, said(404)))

    def finish(self) -> None:
        """Close; on a client that still sends not at once, because that would take back the answer."""
        super().finish()
        if self._lingers:
            with suppress(OSError):
                _linger(self.connection)

    def _worked(self, work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        except (StateError, OSError) as error:
            return Answer(500, said(500), remark=f"{type(error).__name__}: {error}")

    def _body(self) -> bytes | Answer:
        """The request's body, or why it is not taken."""
        self._body_left = True
        stated = self.headers.get_all("Content-Length", [])
        if "Transfer-Encoding" in self.headers or not stated:
            return Answer(411, said(411))
        if len(stated) > 1 or not re.fullmatch(r"[0-9]{1,18}", stated[0]):
            return Answer(400, said(400, "the Content-Length makes no sense"))
        length = int(stated[0])
        if length > BODY_BYTES_MAX:
            return Answer(413, said(413))
        body = self.rfile.read(length)
        if len(body) < length:
            return Answer(400, said(400, "the body ends too early"))
        self._body_left = False
        return body

    def _send(self, answer: Answer) -> None:
        content = answer.body.encode()
        _write(_log_line(answer))
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(content)))
        if answer.status == 405:
            self.send_header("Allow", "POST" if self.command == "GET" else "GET")
        if self._body_left:  # the next request on this connection would begin in the middle of this one
            self.send_header("Connection", "close")
            self._lingers = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What http.server itself refuses: no HTML, and one line in the log like everything else."""
        self._body_left = True
        self._send(Answer(code, said(code)))

    def log_message(self, *_: object) -> None:
        """Nothing: ``_send`` logs, and what a stranger sends is not copied to a terminal."""


def _linger(connection: socket.socket) -> None:
    """Read what still comes, for a moment and within reason, until the other side closes."""
    connection.shutdown(socket.SHUT_WR)
    end, left = time.monotonic() + _LINGER_SECONDS, _LINGER_BYTES_MAX
    while left > 0 and (rest := end - time.monotonic()) > 0:
        connection.settimeout(rest)
        piece = connection.recv(BODY_BYTES_MAX)
        if not piece:
            return
        left -= len(piece)


def _log_line(answer: Answer) -> str:
    origin = json.dumps(answer.origin[:_SHOWN_MAX]) if answer.origin else "-"
    size = "-" if answer.size is None else answer.size
    return f"{answer.status} {origin} {size} {answer.remark}".rstrip()


def _write(line: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}\n")
    sys.stderr.flush()
