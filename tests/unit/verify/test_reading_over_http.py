"""The verifier reads files, folders and http(s) addresses, and nothing else."""

import gzip
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from puhui.verify import sources
from tests.support.logs import Log


def packed(content: bytes, keep: int | None = None) -> Callable[["Handler"], None]:
    """Answers with the content compressed; with no more than the first ``keep`` bytes of that."""
    return lambda handler: handler.begin(
        200, {"Content-Encoding": "gzip"}, gzip.compress(content, mtime=0)[:keep]
    )


class Server(ThreadingHTTPServer):
    """Serves ``files`` by path; a path in ``odd`` is answered by that function."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.odd = {
            "/broken": lambda handler: handler.begin(200, {"Content-Length": "100"}, b"short"),
            "/refused": lambda handler: handler.begin(403, {}, b""),
            "/failing": lambda handler: handler.begin(500, {}, b""),
            "/large": lambda handler: handler.begin(200, {}, bytes(sources.ANSWER_BYTES_MAX + 1)),
            "/largest": lambda handler: handler.begin(200, {}, bytes(sources.ANSWER_BYTES_MAX)),
            "/noise": lambda handler: handler.wfile.write(b"what\r\n\r\n"),
            "/moved": lambda handler: handler.begin(302, {"Location": "/file"}, b""),
            "/to-a-file": lambda handler: handler.begin(302, {"Location": "file:///etc/hostname"}, b""),
            "/to-ftp": lambda handler: handler.begin(302, {"Location": "ftp://localhost/x"}, b""),
            "/round": lambda handler: handler.begin(302, {"Location": "/round"}, b""),
            "/packed-large": packed(bytes(sources.ANSWER_BYTES_MAX + 1)),
            "/packed-broken": packed(b"content", keep=20),
            "/packed-noise": lambda handler: handler.begin(200, {"Content-Encoding": "gzip"}, b"noise"),
            "/silent": lambda handler: handler.server.closing.wait(30),
        }
        self.closing = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.path in self.server.odd:
            self.server.odd[self.path](self)
        elif self.path in self.server.files:
            data = self.server.files[self.path]
            self.begin(200, {"Content-Length": str(len(data))}, data)
        else:
            self.begin(404, {}, b"")

    def begin(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:  # the reader had enough
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    with Server() as server:
        server.files["/file"] = b"content"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def published(server: Server, log: Log, tmp_path: Path) -> str:
    folder = log.write(tmp_path / "log")
    for path in folder.rglob("*"):
        if path.is_file():
            server.files[f"/2026/{path.relative_to(folder)}"] = path.read_bytes()
    return f"{server.address}/2026"


def test_a_log_is_audited_over_http(run, published):
    assert run("log", published).status == 0
    assert run("log", f"{published}/").status == 0


def test_a_log_may_serve_its_files_compressed_without_being_asked(run, server, published):
    server.odd = {path: packed(content) for path, content in server.files.items()}
    assert run("log", published).status == 0


def test_every_file_may_be_an_address(run, server, published, log, tmp_path):
    server.files["/receipt"] = str(log.receipt(5)).encode()
    server.files["/entry"] = log.entries[5]
    server.files["/old"] = log.checkpoint_bytes(200)
    at = server.address
    assert (
        run("receipt", f"{at}/receipt", "--policy", f"{published}/policy", "--entry", f"{at}/entry").status
        == 0
    )
    policy = ["--policy", f"{published}/policy"]
    answer = run("consistency", f"{at}/old", f"{published}/checkpoint", *policy, "--log", published)
    assert answer.status == 0


def test_a_tile_that_the_server_does_not_have_is_missing_from_the_log(run, server, published):
    del server.files["/2026/tile/0/000"]
    answer = run("log", published)
    assert answer.status == 1
    assert "tile/0/000 is missing from the log" in answer.out


def test_a_tile_that_could_not_be_read_proves_nothing_either_way(run, server, published):
    del server.files["/2026/tile/0/000"]
    server.odd["/2026/tile/0/000"] = server.odd["/failing"]
    answer = run("log", published)
    assert answer.status == 2
    assert "tile/0/000 answered with status 500" in answer.err


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/none", "is not there (status 404)"),
        ("/broken", "broke off in the middle"),
        ("/refused", "answered with status 403"),
        ("/failing", "answered with status 500"),
        ("/large", "is larger than 8388608 bytes"),
        ("/noise", "cannot be read"),
        ("/packed-large", "is larger than 8388608 bytes"),
        ("/packed-broken", "broke off in the middle"),
        ("/packed-noise", "cannot be read"),
        ("/to-a-file", "answered with status 302"),
        ("/to-ftp", "sends its reader to ftp://localhost/x, which is not read"),
        ("/round", "answered with status 302"),
        (" /x y", "cannot be read"),
        ("/é", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_explained(run, server, path, words):
    for language in ("en", "zh"):
        answer = run("opening", server.address + path, "--lang", language)
        assert answer.status == 2
        if language == "en":
            assert words in answer.err
        else:
            assert answer.err.startswith("出错：")


def test_a_redirect_within_http_is_followed(server):
    assert sources.read(f"{server.address}/moved") == b"content"


def test_the_largest_answer_is_read(server):
    assert len(sources.read(f"{server.address}/largest")) == sources.ANSWER_BYTES_MAX


def test_a_redirect_out_of_https_is_refused():
    request = sources.Request("https://log.example/checkpoint")
    with pytest.raises(sources.Unreadable, match="which is not read"):
        sources._Redirects().redirect_request(request, None, 302, "", {}, "http://log.example/checkpoint")


def test_a_silent_server_is_not_waited_for(run, server, monkeypatch):
    monkeypatch.setattr(sources, "TIMEOUT_SECONDS", 0.2)
    answer = run("opening", f"{server.address}/silent")
    assert answer.status == 2
    assert "did not answer within 0.2 seconds" in answer.err


def test_a_server_that_drips_is_not_waited_for(run, server, monkeypatch):
    def drip(handler: Handler) -> None:
        handler.begin(200, {"Content-Length": "1000"}, b"")
        while not server.closing.wait(0.05):
            try:
                handler.wfile.write(b"x")
            except OSError:
                return

    server.odd["/drip"] = drip
    monkeypatch.setattr(sources, "TIMEOUT_SECONDS", 0.3)
    answer = run("opening", f"{server.address}/drip")
    assert answer.status == 2
    assert "did not answer within 0.3 seconds" in answer.err


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/hostname",
        "ftp://127.0.0.1/x",
        "data://text",
        "s3://bucket/log",
        "http://",
        "http://[",
        "https://:x/",
    ],
)
def test_no_other_address_is_read(run, address):
    answer = run("opening", address)
    assert answer.status == 2
    assert address.startswith("http") or "only http and https addresses are" in answer.err
    assert run("log", address).status == 2


def test_a_server_that_is_not_there_is_an_error(run, server):
    with Server() as gone:
        address = gone.address
    answer = run("opening", address)
    assert answer.status == 2
    assert f"{address} cannot be read" in answer.err


def test_a_file_that_never_ends_is_not_read_to_its_end(run, tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(sources.FILE_BYTES_MAX + 1)
    answer = run("opening", path)
    assert answer.status == 2
    assert "is larger than" in answer.err
