"""Texts are judged at once, pictures by push; messages cost an accept each."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from infra.local.wechat.config import ACTIVITY_TEMPLATE
from puhui.wechat.client import WeChatClient
from puhui.wechat.errors import PushRefused, SubscriptionRefused, UserAway, WeChatRefused
from puhui.wechat.model import ContentVerdict, RiskScene, Scene, Suggestion
from puhui.wechat.push import PushReceiver
from tests.contracts.wechat.conftest import CONFIG, Inbox, json_of
from tests.support.wechat_standin import Standin, serving

PNG = b"\x89PNG\r\n\x1a\n"
NOTICE = {"thing1": "地铁出行", "phrase2": "已通过", "time3": "2026-11-20 08:30", "thing4": "减排200克"}
Connect = Callable[..., WeChatClient]


@pytest.fixture
def shelf(tmp_path: Path) -> Any:
    """A place from which pictures can be downloaded; gives a function that puts one there."""

    async def file(request: Any) -> Response:
        path = tmp_path / request.path_params["name"]
        return FileResponse(path) if path.exists() else Response(status_code=404)

    with serving(Starlette(routes=[Route("/{name}", file)])) as port:

        def put(name: str, data: bytes) -> str:
            (tmp_path / name).write_bytes(data)
            return f"http://127.0.0.1:{port}/{name}"

        yield put


def receiver(standin: Standin) -> PushReceiver:
    settings = standin.app.state.platform.push
    key = "" if settings.mode == "plain" else settings.aes_key
    return PushReceiver(settings.token, key, CONFIG.app_id)


def read(standin: Standin, push: tuple[dict[str, str], bytes]) -> ContentVerdict:
    verdict = receiver(standin).parse(*push, datetime.now(UTC))
    assert isinstance(verdict, ContentVerdict)
    return verdict


def ask(standin: Standin, wechat: WeChatClient, url: str) -> str:
    standin.control("visits", openid="demo-member-1")
    return wechat.media_check_async(url, "demo-member-1", Scene.SOCIAL_LOG)


def test_texts_are_judged_by_their_words(standin: Standin, wechat: WeChatClient) -> None:
    standin.control("visits", openid="demo-member-1")
    standin.control("verdicts", keyword="倒卖积分", suggest="risky", label=20008)
    for text, suggestion, label in (
        ("今天坐地铁上班", Suggestion.PASS, 100),
        ("低价倒卖积分", Suggestion.RISKY, 20008),
        ("加微信领积分", Suggestion.REVIEW, 10001),
        ("加微信倒卖积分", Suggestion.RISKY, 20008),
    ):
        verdict = wechat.msg_sec_check(text, "demo-member-1", Scene.COMMENT)
        assert (verdict.suggestion, verdict.label) == (suggestion, label)
        assert verdict.trace_id


def test_a_nickname_is_judged_too(standin: Standin, wechat: WeChatClient) -> None:
    standin.control("visits", openid="demo-member-1")
    verdict = wechat.msg_sec_check("签名", "demo-member-1", Scene.PROFILE, nickname="赌博大王")
    assert verdict.suggestion is Suggestion.RISKY


def test_a_user_who_has_been_away_for_two_hours_cannot_be_asked_about(
    standin: Standin, wechat: WeChatClient
) -> None:
    standin.login_code("demo-member-1")
    wechat.msg_sec_check("你好", "demo-member-1", Scene.COMMENT)
    standin.control("clock", advance_s=7300)
    with pytest.raises(UserAway):
        wechat.msg_sec_check("你好", "demo-member-1", Scene.COMMENT)


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"scene": 9}, 40129),
        ({"openid": "nobody"}, 40003),
        ({"content": ""}, 44002),
        ({"content": "长" * 2501}, 40097),
        ({"version": 1}, 0),
        ({"version": 1, "content": "赌博"}, 87014),
    ],
)
def test_the_platform_checks_what_it_is_sent(
    standin: Standin, wechat: WeChatClient, changes: dict[str, Any], errcode: int
) -> None:
    standin.control("visits", openid="demo-member-1")
    body = {"content": "你好", "version": 2, "scene": 2, "openid": "demo-member-1"} | changes
    query = {"access_token": wechat._tokens.current(1e12)}
    sent = json.dumps(body, ensure_ascii=False).encode()
    url = f"{standin.url}/wxa/msg_sec_check"
    assert json_of(standin.http.post(url, params=query, content=sent))["errcode"] == errcode
    if "长" not in str(changes):
        escaped = json.dumps({"content": "你好"}).encode()
        assert json_of(standin.http.post(url, params=query, content=escaped))["errcode"] == 40033


@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_pictures_verdict_comes_by_push_in_every_mode(
    standin: Standin, wechat: WeChatClient, inbox: Inbox, shelf: Any, mode: str, form: str
) -> None:
    standin.control("push", url=inbox.url, mode=mode, format=form)
    picture = PNG + b"a subway ticket"
    digest = hashlib.sha256(picture).hexdigest()
    standin.control("verdicts", sha256=digest, suggest="review", label=20002)
    trace_id = ask(standin, wechat, shelf("ticket.png", picture))
    (push,) = inbox.wait(1)
    verdict = read(standin, push)
    assert (verdict.trace_id, verdict.suggestion, verdict.label, verdict.errcode) == (
        trace_id,
        "review",
        20002,
        0,
    )
    assert ("Encrypt" in push[1].decode()) == (mode != "plain")
    assert (trace_id in push[1].decode()) == (mode != "safe")


def test_pictures_pass_unless_they_hold_a_marker(
    standin: Standin, wechat: WeChatClient, inbox: Inbox, shelf: Any
) -> None:
    standin.control("push", url=inbox.url)
    asked = {
        ask(standin, wechat, shelf("good.png", PNG + b"good")): "pass",
        ask(standin, wechat, shelf("bad.jpg", b"\xff\xd8\xff puhui-standin-risky")): "risky",
    }
    verdicts = [read(standin, push) for push in inbox.wait(2)]
    assert {verdict.trace_id: verdict.suggestion for verdict in verdicts} == asked


@pytest.mark.parametrize("problem", ["missing", "no picture", "nobody there"])
def test_a_picture_that_cannot_be_downloaded_waits_for_a_person(
    standin: Standin, wechat: WeChatClient, inbox: Inbox, shelf: Any, problem: str
) -> None:
    standin.control("push", url=inbox.url)
    url = shelf("text.png", b"no picture")
    url = {"missing": url + "x", "no picture": url, "nobody there": "http://127.0.0.1:9/x.png"}[problem]
    ask(standin, wechat, url)
    verdict = read(standin, inbox.wait(1)[0])
    assert (verdict.errcode, verdict.suggestion) == (-1008, Suggestion.REVIEW)


def test_a_push_that_is_not_acknowledged_comes_three_times_more(
    standin: Standin, wechat: WeChatClient, inbox: Inbox, shelf: Any
) -> None:
    standin.control("push", url=inbox.url)
    inbox.answers = [500, 503, 500, 500]
    ask(standin, wechat, shelf("ticket.png", PNG))
    pushes = inbox.wait(4)
    assert len({read(standin, push).push_id for push in pushes}) == 1
    assert len({push[0]["msg_signature"] for push in pushes}) == 4
    standin.control("push", duplicates=1)
    ask(standin, wechat, shelf("ticket.png", PNG))
    again = [read(standin, push) for push in inbox.wait(6)[4:]]
    assert again[0] == again[1]


def test_held_pushes_arrive_in_the_order_they_are_released(
    standin: Standin, wechat: WeChatClient, inbox: Inbox, shelf: Any
) -> None:
    standin.control("push", url=inbox.url, held=True)
    ask(standin, wechat, shelf("ticket.png", PNG))
    while not standin.shown("push/deliveries")["items"]:
        assert not inbox.pushes
    assert standin.control("push/releases") == {"released": 1}
    inbox.wait(1)


def test_a_forged_push_is_refused(standin: Standin, wechat: WeChatClient, inbox: Inbox, shelf: Any) -> None:
    standin.control("push", url=inbox.url)
    ask(standin, wechat, shelf("ticket.png", PNG))
    ((query, body),) = inbox.wait(1)
    middle = len(body) // 2
    forged = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
    with pytest.raises(PushRefused):
        receiver(standin).parse(query, forged, datetime.now(UTC))


def test_the_platform_checks_the_push_address(standin: Standin, inbox: Inbox) -> None:
    standin.control("push", url=inbox.url)
    assert standin.control("push/verifications") == {"verified": True}
    standin.control("push", url="http://127.0.0.1:9/")
    assert standin.control("push/verifications")["verified"] is False


def test_a_message_arrives_with_its_fields(standin: Standin, wechat: WeChatClient) -> None:
    wechat.send_subscribe_message("demo-member-1", ACTIVITY_TEMPLATE, NOTICE, page="pages/activity?id=1")
    (message,) = standin.shown("messages", openid="demo-member-1")["items"]
    assert message["data"] == NOTICE
    assert message["page"] == "pages/activity?id=1"
    assert not standin.shown("messages", openid="demo-member-2")["items"]


def test_one_accept_is_one_message(standin: Standin, wechat: WeChatClient) -> None:
    openid = standin.control("users")["openid"]
    with pytest.raises(SubscriptionRefused):
        wechat.send_subscribe_message(openid, ACTIVITY_TEMPLATE, NOTICE)
    standin.control("subscriptions", openid=openid, template_id=ACTIVITY_TEMPLATE, accepts=1)
    wechat.send_subscribe_message(openid, ACTIVITY_TEMPLATE, NOTICE)
    with pytest.raises(SubscriptionRefused):
        wechat.send_subscribe_message(openid, ACTIVITY_TEMPLATE, NOTICE)


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"thing1": ""}, 47003),
        ({"thing1": "二" * 21}, 47003),
        ({"phrase2": "超过五个汉字"}, 47003),
        ({"phrase2": "english"}, 47003),
        ({"time3": "tomorrow"}, 47003),
    ],
)
def test_fields_over_their_limits_are_refused(
    standin: Standin, wechat: WeChatClient, changes: dict[str, str], errcode: int
) -> None:
    with pytest.raises(WeChatRefused) as refusal:
        wechat.send_subscribe_message("demo-member-1", ACTIVITY_TEMPLATE, NOTICE | changes)
    assert refusal.value.details["errcode"] == errcode
    assert not standin.shown("messages", openid="demo-member-1")["items"]


def test_a_page_or_language_that_does_not_exist_is_refused(wechat: WeChatClient) -> None:
    for changes, errcode in (({"page": "/pages/x"}, 41030), ({"language": "fr_FR"}, 40097)):
        with pytest.raises(WeChatRefused) as refusal:
            wechat.send_subscribe_message("demo-member-1", ACTIVITY_TEMPLATE, NOTICE, **changes)
        assert refusal.value.details["errcode"] == errcode


def test_the_platform_says_how_much_of_a_risk_somebody_is(standin: Standin, wechat: WeChatClient):
    assert wechat.user_risk_rank("demo-member-1", RiskScene.MARKETING, "203.0.113.7") == 0
    standin.control("users", openid="demo-member-1", risk_rank=4)
    assert wechat.user_risk_rank("demo-member-1", RiskScene.MARKETING, "2001:db8::7") == 4


@pytest.mark.parametrize(("openid", "address"), [("nobody", "203.0.113.7"), ("demo-member-1", "nowhere")])
def test_a_risk_is_asked_of_a_user_and_an_address(
    standin: Standin, wechat: WeChatClient, openid: str, address: str
):
    with pytest.raises(WeChatRefused):
        wechat.user_risk_rank(openid, RiskScene.MARKETING, address)
