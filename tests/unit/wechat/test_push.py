"""Message push: really from the platform, for us, fresh, and readable."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.wechat import ciphers, envelopes
from infra.local.wechat.config import PushSettings
from puhui.wechat import crypto
from puhui.wechat.errors import PushRefused, PushUnreadable
from puhui.wechat.model import ContentVerdict, Other, Suggestion
from puhui.wechat.push import PushReceiver
from puhui.wechat.usecases import receive_push
from tests.support.wechat_vectors import VECTORS, flipped

APP_ID = "wxpuhuilocal000001"
SETTINGS = PushSettings()
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
VERDICT = {
    "ToUserName": "gh_97417a04a28d",
    "FromUserName": "demo-member-1",
    "CreateTime": 1626959646,
    "MsgType": "event",
    "Event": "wxa_media_check",
    "appid": APP_ID,
    "trace_id": "60ae120f-371d5872-7941a05b",
    "version": 2,
    "detail": [{"strategy": "content_model", "errcode": 0, "suggest": "risky", "label": 20002, "prob": 90}],
    "errcode": 0,
    "errmsg": "ok",
    "result": {"suggest": "risky", "label": 20002},
}


def receiver_of(vector: dict[str, Any]) -> tuple[PushReceiver, dict[str, str], datetime]:
    receiver = PushReceiver(vector["token"], vector.get("encoding_aes_key", ""), vector.get("appid", ""))
    names: tuple[str, ...] = ("signature", "msg_signature", "timestamp", "nonce")
    query = {name: str(vector[name]) for name in names if name in vector}
    return receiver, query, datetime.fromtimestamp(int(vector["timestamp"]), UTC)


def safe_body(vector: dict[str, Any]) -> bytes:
    return json.dumps({"ToUserName": "gh_97417a04a28d", "Encrypt": vector["Encrypt"]}).encode()


def written(event: dict[str, Any], **changes: Any) -> tuple[dict[str, str], bytes]:
    settings = PushSettings(**changes)
    query, body, _ = envelopes.write(event, settings, APP_ID, int(NOW.timestamp()))
    return query, body


def ours() -> PushReceiver:
    return PushReceiver(SETTINGS.token, SETTINGS.aes_key, APP_ID)


def plain() -> PushReceiver:
    return PushReceiver(SETTINGS.token, "", APP_ID)


def test_the_published_address_check_is_echoed() -> None:
    receiver, query, at = receiver_of(VECTORS["push_url_verify"])
    assert receiver.echo(query | {"echostr": "4375120948345356249"}, at) == "4375120948345356249"


def test_an_address_check_with_a_wrong_signature_is_refused() -> None:
    receiver, query, at = receiver_of(VECTORS["push_url_verify"])
    with pytest.raises(PushRefused):
        receiver.echo(query | {"signature": flipped(query["signature"]), "echostr": "1"}, at)


def test_the_published_plain_signature_is_accepted() -> None:
    receiver, query, at = receiver_of(VECTORS["push_plain"])
    push = receiver.parse(query, b'{"MsgType":"event","Event":"debug_demo"}', at)
    assert isinstance(push, Other)
    assert push.event == "debug_demo"


def test_the_published_encrypted_push_is_read() -> None:
    vector = VECTORS["push_safe_json"]
    receiver, query, at = receiver_of(vector)
    push = receiver.parse(query, safe_body(vector), at)
    assert isinstance(push, Other)
    assert push.content == json.loads(vector["plaintext"])


def test_the_published_encrypted_xml_push_is_read() -> None:
    vector = VECTORS["push_safe_xml"]
    receiver, query, at = receiver_of(vector)
    body = (
        f"<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[{vector['Encrypt']}]]></Encrypt></xml>"
    )
    push = receiver.parse(query, body.encode(), at)
    assert isinstance(push, Other)
    assert (push.event, push.content["Content"], push.content["MsgId"]) == (
        "text",
        "hello",
        "4561255354251345929",
    )


def test_the_published_reply_is_written_the_same() -> None:
    vector = VECTORS["push_safe_reply"]
    cipher = crypto.PushCipher(vector["encoding_aes_key"], vector["appid"])
    encrypted = cipher.encrypt(vector["plaintext"].encode(), vector["random"].encode())
    assert encrypted == vector["Encrypt"]
    signature = crypto.push_signature(vector["token"], vector["timestamp"], vector["nonce"], encrypted)
    assert signature == vector["msg_signature"]


@pytest.mark.parametrize("changed", ["msg_signature", "timestamp", "nonce"])
def test_one_changed_character_of_the_query_refuses_the_push(changed: str) -> None:
    vector = VECTORS["push_safe_json"]
    receiver, query, at = receiver_of(vector)
    wrong = query[changed][:-1] + ("1" if query[changed][-1] != "1" else "2")
    with pytest.raises(PushRefused):
        receiver.parse(query | {changed: wrong}, safe_body(vector), at)


def test_one_changed_character_of_the_body_refuses_the_push() -> None:
    vector = VECTORS["push_safe_json"]
    receiver, query, at = receiver_of(vector)
    with pytest.raises(PushRefused):
        receiver.parse(query, safe_body(vector | {"Encrypt": flipped(vector["Encrypt"], 20)}), at)


def test_a_push_for_another_app_is_refused_although_the_key_fits() -> None:
    vector = VECTORS["push_safe_json"]
    _, query, at = receiver_of(vector)
    with pytest.raises(PushRefused):
        PushReceiver(vector["token"], vector["encoding_aes_key"], APP_ID).parse(query, safe_body(vector), at)


def test_a_verdict_that_names_another_app_is_refused() -> None:
    query, body = written(VERDICT | {"appid": "wx0000000000000000"})
    with pytest.raises(PushRefused):
        ours().parse(query, body, NOW)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_push_sent_again_is_refused(minutes: int) -> None:
    query, body = written(VERDICT)
    with pytest.raises(PushRefused):
        ours().parse(query, body, NOW + timedelta(minutes=minutes))
    with pytest.raises(PushRefused):
        ours().echo({**query, "echostr": "1"}, NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("timestamp", ["", "x", "-1", "１７１４", "1e9", "9" * 400])
def test_a_timestamp_that_is_no_time_is_refused(timestamp: str) -> None:
    query, body = written(VERDICT)
    with pytest.raises(PushRefused):
        ours().parse(query | {"timestamp": timestamp}, body, NOW)


def test_a_plain_push_is_not_believed_where_pushes_are_encrypted() -> None:
    query, body = written(VERDICT, mode="plain")
    assert isinstance(plain().parse(query, body, NOW), ContentVerdict)
    with pytest.raises(PushRefused):
        ours().parse(query, body, NOW)


def test_in_compatible_mode_the_plain_copy_is_ignored() -> None:
    query, body = written(VERDICT, mode="compat")
    forged = json.loads(body) | {"trace_id": "forged", "result": {"suggest": "pass", "label": 100}}
    push = ours().parse(query, json.dumps(forged).encode(), NOW)
    assert isinstance(push, ContentVerdict)
    assert (push.trace_id, push.suggestion) == (VERDICT["trace_id"], Suggestion.RISKY)


@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_verdict_reads_the_same_in_every_mode_and_format(mode: str, form: str) -> None:
    receiver = plain() if mode == "plain" else ours()
    query, body = written(VERDICT, mode=mode, format=form)
    push = receiver.parse(query, body, NOW)
    expected = ours().parse(*written(VERDICT), NOW)
    assert push == expected
    assert isinstance(push, ContentVerdict)
    assert (push.trace_id, push.suggestion, push.label, push.errcode) == (
        VERDICT["trace_id"],
        "risky",
        20002,
        0,
    )


@pytest.mark.parametrize(
    ("changes", "suggestion", "errcode"),
    [
        ({"result": {"suggest": "pass", "label": 100}}, Suggestion.PASS, 0),
        ({"result": {"suggest": "review", "label": 10001}}, Suggestion.REVIEW, 0),
        ({"result": {"suggest": "something new", "label": 1}}, Suggestion.REVIEW, 0),
        ({"result": None}, Suggestion.REVIEW, 0),
        ({"errcode": -1008}, Suggestion.REVIEW, -1008),
        ({"errcode": "-1008", "result": {"suggest": "pass", "label": 100}}, Suggestion.REVIEW, -1008),
    ],
)
def test_what_is_no_clear_verdict_waits_for_a_person(
    changes: dict[str, Any], suggestion: Suggestion, errcode: int
) -> None:
    push = ours().parse(*written({**VERDICT, **changes}), NOW)
    assert isinstance(push, ContentVerdict)
    assert (push.suggestion, push.errcode) == (suggestion, errcode)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "risky"),
        ({"result": {"suggest": "pass", "label": 100}}, "pass"),
        ({"result": {"suggest": "something new", "label": 1}}, "review"),
        ({"errcode": -1008, "result": {"suggest": "pass", "label": 100}}, "error"),
        ({"errcode": 61010}, "error"),
        ({"errcode": 87014}, "risky"),
    ],
)
def test_every_verdict_has_a_word(changes: dict[str, Any], word: str) -> None:
    push = ours().parse(*written({**VERDICT, **changes}), NOW)
    assert isinstance(push, ContentVerdict)
    assert push.word == word


def test_copies_of_a_push_have_one_id_and_other_pushes_another() -> None:
    first, copy = (ours().parse(*written(VERDICT), NOW) for _ in range(2))
    other = ours().parse(*written(VERDICT | {"trace_id": "another"}), NOW)
    message = ours().parse(*written({"MsgType": "text", "MsgId": 1}), NOW)
    assert first.push_id == copy.push_id
    assert len({first.push_id, other.push_id, message.push_id}) == 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"{",
        b"<xml>",
        b"[" * 100_000,
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Event>&a;</Event></xml>',
        b'{"Event":"wxa_media_check"}',
        b'{"Event":"wxa_media_check","trace_id":"t","errcode":"x"}',
        b'{"Event":"wxa_media_check","trace_id":["t"]}',
    ],
)
def test_an_authentic_push_that_makes_no_sense_is_unreadable(body: bytes) -> None:
    query, _ = written(VERDICT, mode="plain")
    with pytest.raises(PushUnreadable):
        plain().parse(query, body, NOW)


@pytest.mark.parametrize("length", [*range(16), 31, 32, 33, 1000])
def test_padding_to_32_bytes_is_undone_at_every_length(length: int) -> None:
    cipher = crypto.PushCipher(SETTINGS.aes_key, APP_ID)
    message = b"x" * length
    assert cipher.decrypt(ciphers.sealed(message, SETTINGS.aes_key, APP_ID)) == message
    assert cipher.decrypt(cipher.encrypt(message)) == message


def test_a_ciphertext_that_lies_about_its_length_is_refused() -> None:
    receiver = crypto.PushCipher(SETTINGS.aes_key, APP_ID)
    for count in (0, 8, 15):  # too short to hold random bytes and a length
        key = base64.b64decode(SETTINGS.aes_key + "=")
        with pytest.raises(PushRefused):
            receiver.decrypt(ciphers._cbc(key, key[:16], ciphers._padded(b"x" * count, 32)))


def test_settings_that_cannot_work_are_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="43"):
        PushReceiver("token", "too short", APP_ID)
    with pytest.raises(ValueError, match="token"):
        PushReceiver("", SETTINGS.aes_key, APP_ID)


class Remembered:
    """The pushes that were dealt with, in memory."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def is_known(self, push_id: str) -> bool:
        return push_id in self.known

    def remember(self, push_id: str, now: datetime) -> None:
        assert now == NOW
        self.known.add(push_id)


def test_a_push_that_comes_twice_is_dealt_with_once() -> None:
    known = Remembered()
    verdicts: list[ContentVerdict] = []
    for _ in range(2):
        answer = receive_push(
            *written(VERDICT), NOW, receiver=ours(), known=known, content_verdict=verdicts.append
        )
        assert answer == "success"
    assert [verdict.trace_id for verdict in verdicts] == [VERDICT["trace_id"]]


def test_a_verdict_that_could_not_be_kept_comes_again() -> None:
    known = Remembered()
    verdicts: list[ContentVerdict] = []

    def fail(_: ContentVerdict) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        receive_push(*written(VERDICT), NOW, receiver=ours(), known=known, content_verdict=fail)
    receive_push(*written(VERDICT), NOW, receiver=ours(), known=known, content_verdict=verdicts.append)
    assert len(verdicts) == 1


def test_other_pushes_are_acknowledged_and_nothing_more() -> None:
    verdicts: list[ContentVerdict] = []
    event = {"MsgType": "event", "Event": "subscribe_msg_sent_event", "CreateTime": 1}
    answer = receive_push(
        *written(event), NOW, receiver=ours(), known=Remembered(), content_verdict=verdicts.append
    )
    assert (answer, verdicts) == ("success", [])
