"""Where the verifier reads: files, folders, and http(s) addresses. What comes from here is not trusted."""

import time
import zlib
from http.client import HTTPException
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from puhui.tlog.errors import NotProved
from puhui.tlog.tiles import ENTRY_BYTES_MAX, WIDTH, Fetch

TIMEOUT_SECONDS = 20
ANSWER_BYTES_MAX = 8 * 1024 * 1024
FILE_BYTES_MAX = WIDTH * (ENTRY_BYTES_MAX + 2)  # the largest bundle of entries
_CHUNK_BYTES = 64 * 1024
_HEADERS = {"User-Agent": "puhui-verify", "Accept-Encoding": "gzip, identity"}


class Unreadable(Exception):
    """Something that was named could not be read. The message says what and why, in words that can be shown."""


class Missing(Unreadable):
    """Nothing is there."""


def read(place: str) -> bytes:
    """The bytes at an http(s) address or in a file. Raises Unreadable, Missing."""
    if "://" in place:
        return _answer(place)
    parts, length = [], 0
    try:
        with Path(place).open("rb") as file:
            while length <= FILE_BYTES_MAX and (part := file.read(_CHUNK_BYTES)):
                parts.append(part)
                length += len(part)
    except (FileNotFoundError, NotADirectoryError):
        raise Missing(f"there is no file {place}") from None
    except (OSError, ValueError) as error:
        raise Unreadable(f"{place} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if length > FILE_BYTES_MAX:
        raise Unreadable(f"{place} is larger than {FILE_BYTES_MAX} bytes")
    return b"".join(parts)


def within(log: str, name: str) -> str:
    """The place of an object of the log in this folder or at this address."""
    return f"{log.rstrip('/')}/{name}"


def tiles_of(log: str) -> Fetch:
    """Reads the tiles of the log in a folder or at an address. Raises Unreadable when there is no such folder.

    What it returns raises NotProved for a tile that is not there (the log does not show what it signed) and
    Unreadable when a tile could not be read.
    """
    if "://" not in log and not Path(log).is_dir():
        raise Missing(f"there is no folder {log}")

    def fetch(name: str) -> bytes:
        try:
            return read(within(log, name))
        except Missing:
            raise NotProved(f"{name} is missing from the log") from None

    return fetch


def _answer(address: str) -> bytes:
    """The body of the answer to GET. Raises Unreadable, Missing."""
    _require_web(address)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    try:
        request = Request(address, headers=_HEADERS)  # noqa: S310 - http(s) was asked for above
        with _opener().open(request, timeout=TIMEOUT_SECONDS) as answer:
            body = _body(answer, address, deadline)
            return _unpacked(body, address) if answer.headers.get("Content-Encoding") == "gzip" else body
    except HTTPError as error:
        error.close()
        raise _refused(address, error.code) from None
    except (OSError, HTTPException, ValueError) as error:
        raise _failed(address, error) from None


def _body(answer: IO[bytes], address: str, deadline: float) -> bytes:
    """Read until the end: a server that sends a byte now and then is not waited for, whatever it announces."""
    parts, length = [], 0
    read_some = getattr(answer, "read1", answer.read)  # one read from the socket at a time
    while part := read_some(_CHUNK_BYTES):
        parts.append(part)
        length += len(part)
        if length > ANSWER_BYTES_MAX:
            raise Unreadable(f"{address} is larger than {ANSWER_BYTES_MAX} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError
    announced = getattr(answer, "length", None)  # what is left of Content-Length
    if announced:
        raise Unreadable(f"{address} broke off in the middle of its answer")
    return b"".join(parts)


def _unpacked(body: bytes, address: str) -> bytes:
    """What a log has compressed, which it may do without being asked (c2sp.org/tlog-tiles). Raises Unreadable."""
    gzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        content = gzip.decompress(body, ANSWER_BYTES_MAX + 1)
    except zlib.error as error:
        raise Unreadable(f"{address} cannot be read: {error}") from None
    if len(content) > ANSWER_BYTES_MAX:
        raise Unreadable(f"{address} is larger than {ANSWER_BYTES_MAX} bytes")
    if not gzip.eof:
        raise Unreadable(f"{address} broke off in the middle of its answer")
    return content


def _refused(address: str, status: int) -> Unreadable:
    if status in (404, 410):
        return Missing(f"{address} is not there (status {status})")
    return Unreadable(f"{address} answered with status {status}")


def _failed(address: str, error: Exception) -> Unreadable:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return Unreadable(f"{address} did not answer within {TIMEOUT_SECONDS} seconds")
    return Unreadable(f"{address} cannot be read: {getattr(reason, 'strerror', None) or reason}")


def _require_web(address: str) -> None:
    if address.partition("://")[0].lower() not in ("http", "https"):
        raise Unreadable(f"{address} is not read: only http and https addresses are")


class _Redirects(HTTPRedirectHandler):
    """Follows redirects, but not out of https."""

    def redirect_request(  # type: ignore[no-untyped-def] # as the standard library's stubs leave it
        self, req, fp, code, msg, headers, newurl
    ) -> Request | None:
        target = urljoin(req.full_url, newurl)
        schemes = ("https",) if req.full_url.lower().startswith("https:") else ("http", "https")
        if urlsplit(target).scheme not in schemes:
            raise Unreadable(f"{req.full_url} sends its reader to {target}, which is not read")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> OpenerDirector:
    """What urllib opens with by default, without files, ftp and data addresses."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        _Redirects(),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
        UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener
