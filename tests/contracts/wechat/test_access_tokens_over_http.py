"""The stable token's own rules, and what our client does when a token is refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from puhui.wechat.client import WeChatClient
from puhui.wechat.errors import WeChatMisconfigured
from puhui.wechat.model import Scene
from tests.contracts.wechat.conftest import CONFIG, Cache, json_of
from tests.support.wechat_standin import Standin

Connect = Callable[..., WeChatClient]
CREDENTIALS = {"grant_type": "client_credential", "appid": CONFIG.app_id, "secret": CONFIG.app_secret}
CHECK = "/wxa/msg_sec_check"


def ask(standin: Standin, **more: Any) -> dict[str, Any]:
    return dict(json_of(standin.http.post(f"{standin.url}/cgi-bin/stable_token", json=CREDENTIALS | more)))


def works(standin: Standin, token: str) -> int:
    query = {"access_token": token, "sig_method": "none"}
    return int(json_of(standin.http.get(f"{standin.url}/wxa/checksession", params=query))["errcode"])


WORKS, EXPIRED, INVALID = 87008, 42001, 40001  # 87008: the token was fine, the signature method was not


def check(wechat: WeChatClient, standin: Standin) -> None:
    standin.control("visits", openid="demo-member-1")
    wechat.msg_sec_check("你好", "demo-member-1", Scene.COMMENT)


def test_the_stable_token_stays_the_same_until_its_last_five_minutes(standin: Standin) -> None:
    first = ask(standin)
    assert first["expires_in"] == 7200
    standin.control("clock", advance_s=6800)
    again = ask(standin)
    assert again["access_token"] == first["access_token"]
    assert again["expires_in"] == pytest.approx(400, abs=2)
    standin.control("clock", advance_s=150)
    renewed = ask(standin)
    assert renewed["access_token"] != first["access_token"]
    assert renewed["expires_in"] == 7200
    assert works(standin, first["access_token"]) == works(standin, renewed["access_token"]) == WORKS
    standin.control("clock", advance_s=300)
    assert works(standin, first["access_token"]) == EXPIRED
    assert works(standin, renewed["access_token"]) == WORKS


def test_a_forced_renewal_ends_the_old_token_at_most_every_30_seconds_and_20_times_a_day(
    standin: Standin,
) -> None:
    first = ask(standin)
    forced = ask(standin, force_refresh=True)
    assert works(standin, first["access_token"]) == INVALID
    assert ask(standin, force_refresh=True)["access_token"] == forced["access_token"]
    for _ in range(19):
        standin.control("clock", advance_s=31)
        last = ask(standin, force_refresh=True)
    standin.control("clock", advance_s=31)
    assert ask(standin, force_refresh=True)["errcode"] == 45009
    assert works(standin, last["access_token"]) == WORKS


def test_the_classic_token_changes_with_every_call_and_is_another_one(standin: Standin) -> None:
    stable = ask(standin)["access_token"]
    first, second = (
        json_of(standin.http.get(f"{standin.url}/cgi-bin/token", params=CREDENTIALS))["access_token"]
        for _ in range(2)
    )
    assert len({stable, first, second}) == 3
    assert works(standin, first) == works(standin, second) == works(standin, stable) == WORKS


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"appid": "wx0"}, 40013),
        ({"secret": "x"}, 40125),
        ({"grant_type": "x"}, 40002),
    ],
)
def test_wrong_credentials_are_named(standin: Standin, changes: dict[str, str], errcode: int) -> None:
    answer = ask(standin, **changes)
    assert (answer["errcode"], " rid: " in answer["errmsg"]) == (errcode, True)


def test_bodies_that_are_no_json_and_other_methods_are_refused(standin: Standin) -> None:
    url = f"{standin.url}/cgi-bin/stable_token"
    for body, errcode in ((b"", 44002), (b"{", 47001), (b"[]", 47001), (b"\xff", 47001)):
        answer = standin.http.post(url, content=body)
        assert json_of(answer)["errcode"] == errcode
        assert answer.headers["content-type"] == "application/json; encoding=utf-8"
    assert json_of(standin.http.get(url))["errcode"] == 43002
    assert json_of(standin.http.post(f"{standin.url}/cgi-bin/token"))["errcode"] == 43001
    assert json_of(standin.http.get(f"{standin.url}/cgi-bin/nothing"))["errcode"] == 40066


def test_a_call_without_a_token_or_with_a_made_up_one_is_refused(standin: Standin) -> None:
    assert works(standin, "") == 41001
    assert works(standin, "made-up") == INVALID


def test_eight_clients_with_one_cache_use_one_token(standin: Standin, connect: Connect) -> None:
    cache = Cache()
    clients = [connect(cache) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda client: client._tokens.current(1e12), clients))
    assert len(tokens) == 1


def test_eight_threads_with_one_client_fetch_one_token(standin: Standin, wechat: WeChatClient) -> None:
    standin.control("visits", openid="demo-member-1")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: wechat.msg_sec_check("你好", "demo-member-1", Scene.COMMENT), range(8)))
    assert standin.asked().count("/cgi-bin/stable_token") == 1
    assert standin.asked().count(CHECK) == 8


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_a_refused_token_is_renewed_once_and_the_call_replayed_once(
    standin: Standin, wechat: WeChatClient, errcode: int
) -> None:
    check(wechat, standin)
    standin.fail(CHECK, errcode=errcode)
    check(wechat, standin)
    assert standin.asked().count(CHECK) == 3
    assert standin.asked().count("/cgi-bin/stable_token") == 2


def test_a_token_that_stays_refused_is_our_configuration(standin: Standin, wechat: WeChatClient) -> None:
    standin.fail(CHECK, errcode=40001, times=5)
    with pytest.raises(WeChatMisconfigured):
        check(wechat, standin)
    assert standin.asked().count(CHECK) == 2


def test_all_tokens_ending_at_once_costs_each_client_one_renewal(standin: Standin, connect: Connect) -> None:
    cache = Cache()
    first, second = connect(cache), connect(cache)
    check(first, standin)
    check(second, standin)
    standin.control("token-revocations")
    check(first, standin)
    check(second, standin)
    assert standin.asked().count("/cgi-bin/stable_token") == 2
