"""The stand-in itself: under a prefix, after a restart, alone, and with mistakes on its control side."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import requests
from starlette.applications import Starlette
from starlette.routing import Mount

from infra.local.wechat.app import create_app
from infra.local.wechat.config import ACTIVITY_TEMPLATE
from infra.local.wechat.people import DEMO_OPENIDS
from puhui.wechat.client import WeChatClient
from tests.contracts.wechat.conftest import CONFIG, Cache
from tests.support.tables import ROOT, free_port
from tests.support.wechat_standin import Make, Standin, check_session, serving

Client = Callable[[str], WeChatClient]


@pytest.fixture
def client() -> Iterator[Callable[[str], WeChatClient]]:
    """Makes a client of any address."""
    with requests.Session() as session:
        session.trust_env = False
        yield lambda url: WeChatClient(
            CONFIG.app_id, CONFIG.app_secret, url, Cache(), session=session, stage="local"
        )


def test_it_works_under_a_prefix(client: Client, tmp_path: Path) -> None:
    app = create_app(replace(CONFIG, state_file=tmp_path / "state.json"))
    with serving(Starlette(routes=[Mount("/_wechat", app)])) as port:
        standin = Standin(f"http://127.0.0.1:{port}/_wechat", app)
        standin.fail("/sns/jscode2session", errcode=-1)
        session = client(standin.url).code2session(standin.login_code("demo-verifier"))
        assert session.openid == "demo-verifier"
        assert check_session(client(standin.url), session.openid, session.session_key)
        standin.http.close()
    app.state.close()
    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0


def test_session_keys_and_settings_survive_a_restart(
    client: Client, make_standin: Make, tmp_path: Path
) -> None:
    config = replace(CONFIG, state_file=tmp_path / "standin" / "state.json")
    before = make_standin(config)
    wechat = client(before.url)
    session = wechat.code2session(before.login_code())
    assert check_session(wechat, session.openid, session.session_key)
    openid = before.control("users", nickname="小林")["openid"]
    before.control("subscriptions", openid=openid, template_id=ACTIVITY_TEMPLATE, accepts=2)
    before.control("push", duplicates=2)
    before.app.state.close()
    after = make_standin(config)
    assert check_session(wechat, session.openid, session.session_key)
    assert after.app.state.platform.push.duplicates == 2
    assert client(after.url).code2session(after.login_code(openid)).openid == openid
    assert "/cgi-bin/stable_token" not in after.asked()


def test_state_is_written_soon_after_a_change_without_being_told(make_standin: Make, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    make_standin(replace(CONFIG, state_file=file)).login_code()
    deadline = time.monotonic() + 5
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_state_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text("{")
    with pytest.raises(SystemExit, match="make reset"):
        create_app(replace(CONFIG, state_file=file))


@pytest.mark.parametrize("openid", DEMO_OPENIDS)
def test_every_demo_person_is_there_from_the_start(standin: Standin, openid: str) -> None:
    assert standin.login_code(openid)


def test_there_are_twenty_demo_members_and_nine_officials() -> None:
    assert len(DEMO_OPENIDS) == 29


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [
        ("login-codes", {"openid": "nobody"}, 404),
        ("login-codes", {}, 400),
        ("users", {"openid": "有空格 "}, 400),
        ("users", {"nickname": 7}, 400),
        ("werun", {"openid": "demo-member-1", "steps": [{"date": "2020-01-01", "step": 1}]}, 400),
        ("werun", {"openid": "demo-member-1", "steps": [{"date": "yesterday", "step": 1}]}, 400),
        ("werun", {"openid": "demo-member-1", "steps": [{"date": "2026-11-20", "step": 1.5}]}, 400),
        ("faults", {"path": "/sns/jscode2session"}, 400),
        ("faults", {"path": "/sns/jscode2session", "errcod": -1}, 400),
        ("verdicts", {"suggest": "risky"}, 400),
        ("verdicts", {"keyword": "x", "suggest": "maybe"}, 400),
        ("verdicts", {"sha256": "x", "suggest": "risky"}, 400),
        ("push", {"mode": "secret"}, 400),
        ("push", {"aes_key": "short"}, 400),
        ("push", {"urls": "x"}, 400),
        ("subscriptions", {"openid": "demo-member-1", "template_id": "x", "accepts": 1}, 404),
        ("subscriptions", {"openid": "demo-member-1", "template_id": ACTIVITY_TEMPLATE, "accepts": -1}, 400),
    ],
)
def test_mistakes_on_the_control_side_are_explained(
    standin: Standin, action: str, body: dict[str, object], status: int
) -> None:
    answer = standin.http.post(f"{standin.url}/_standin/{action}", json=body)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)


def test_control_actions_want_their_method_and_a_json_object(standin: Standin) -> None:
    assert standin.http.get(f"{standin.url}/_standin/users").status_code == 405
    assert standin.http.post(f"{standin.url}/_standin/users", content=b"[").status_code == 400
    assert standin.http.get(f"{standin.url}/_standin/nothing").status_code == 404


def test_faults_and_verdicts_can_be_taken_back(standin: Standin) -> None:
    standin.fail("/sns/jscode2session", errcode=-1, times=9)
    standin.control("verdicts", keyword="x", suggest="risky")
    for action in ("faults", "verdicts"):
        assert standin.http.delete(f"{standin.url}/_standin/{action}").json() == {"items": []}
    assert standin.shown("faults") == {"items": []}


def test_it_can_be_started_alone() -> None:
    port = free_port()
    command = [sys.executable, "-m", "infra.local.wechat", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            deadline = time.monotonic() + 10
            while True:
                try:
                    answer = httpx.post(f"http://127.0.0.1:{port}/_standin/users", json={"openid": "someone"})
                    break
                except httpx.TransportError:
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            assert answer.json() == {"openid": "someone"}
        finally:
            process.terminate()
