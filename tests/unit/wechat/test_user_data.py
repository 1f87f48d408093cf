"""encryptedData: only what WeChat encrypted, for us, just now, is believed."""

import base64
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.wechat import ciphers
from puhui.kernel.clock import CHINA
from puhui.wechat import crypto
from puhui.wechat.errors import DataMalformed, DataOld, SessionStale
from puhui.wechat.model import steps_by_day
from tests.support.wechat_vectors import VECTORS, flipped

SAMPLE = VECTORS["encryptedData"]
TAKEN = datetime.fromtimestamp(1477314187, UTC)
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
APP_ID = "wxpuhuilocal000001"
KEY = base64.b64encode(bytes(range(16))).decode()


def opened(now: datetime = TAKEN, /, **changes: Any) -> dict[str, Any]:
    given_ = {
        "encrypted_data": SAMPLE["encryptedData"],
        "iv": SAMPLE["iv"],
        "session_key": SAMPLE["session_key"],
    }
    return crypto.decrypt_user_data(**(given_ | changes), app_id=SAMPLE["appid"], now=now)


def sealed(content: Any, key: str = KEY) -> dict[str, str]:
    return ciphers.user_data(content, key)


def watermark(at: datetime = NOW, app_id: str = APP_ID) -> dict[str, Any]:
    return {"timestamp": int(at.timestamp()), "appid": app_id}


def test_the_official_sample_is_read() -> None:
    assert opened() == json.loads(SAMPLE["plaintext"])


@pytest.mark.parametrize("name", ["encrypted_data", "session_key"])
def test_one_changed_character_makes_the_session_stale(name: str) -> None:
    whole = {
        "encrypted_data": SAMPLE["encryptedData"],
        "iv": SAMPLE["iv"],
        "session_key": SAMPLE["session_key"],
    }
    with pytest.raises(SessionStale):
        opened(**{name: flipped(whole[name], 3)})


def test_data_of_another_app_is_refused_and_the_session_is_not_blamed() -> None:
    with pytest.raises(DataMalformed):
        crypto.decrypt_user_data(
            SAMPLE["encryptedData"],
            SAMPLE["iv"],
            SAMPLE["session_key"],
            app_id="wx0000000000000000",
            now=TAKEN,
        )


@pytest.mark.parametrize("age", [timedelta(minutes=11), timedelta(minutes=-6)])
def test_data_that_is_old_or_from_the_future_is_refused(age: timedelta) -> None:
    assert opened(TAKEN + age / 2)
    with pytest.raises(DataOld):
        opened(TAKEN + age)


@pytest.mark.parametrize(
    "changes",
    [
        {"iv": ""},
        {"iv": "r7BXXKkLb8qrSNn05n0qiA"},
        {"iv": base64.b64encode(b"short").decode()},
        {"iv": "not base64 at all!"},
        {"encrypted_data": ""},
        {"encrypted_data": base64.b64encode(b"x" * 17).decode()},
        {"encrypted_data": "A" * 200_000},
        {"session_key": base64.b64encode(b"x" * 24).decode()},
        {"session_key": "密钥"},
    ],
)
def test_data_of_the_wrong_shape_makes_the_session_stale(changes: dict[str, str]) -> None:
    with pytest.raises(SessionStale):
        opened(**changes)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"watermark": []},
        {"watermark": {"appid": APP_ID}},
        {"watermark": {"appid": APP_ID, "timestamp": "1"}},
        {"watermark": {"appid": APP_ID, "timestamp": True}},
        {"watermark": {"appid": APP_ID, "timestamp": float("nan")}},
    ],
)
def test_a_message_without_a_whole_watermark_is_refused(content: Any) -> None:
    with pytest.raises((DataMalformed, SessionStale)):  # NaN is no JSON: nothing was opened
        crypto.decrypt_user_data(**sealed(content), session_key=KEY, app_id=APP_ID, now=NOW)


@pytest.mark.parametrize("content", [[], "text", 7])
def test_what_is_no_object_was_not_opened_with_the_right_key(content: Any) -> None:
    with pytest.raises(SessionStale):
        crypto.decrypt_user_data(**sealed(content), session_key=KEY, app_id=APP_ID, now=NOW)


@given(key=st.binary(min_size=16, max_size=16), data=st.binary(min_size=16, max_size=160))
def test_no_garbage_is_ever_believed(key: bytes, data: bytes) -> None:
    with pytest.raises(SessionStale):
        crypto.decrypt_user_data(
            base64.b64encode(data[: len(data) // 16 * 16]).decode(),
            SAMPLE["iv"],
            base64.b64encode(key).decode(),
            app_id=APP_ID,
            now=NOW,
        )


@given(nickname=st.text(max_size=40))
def test_what_the_platform_encrypts_is_what_is_read(nickname: str) -> None:
    content = {"nickName": nickname, "watermark": watermark()}
    sent = json.loads(json.dumps(content).encode("utf-8", "replace"))
    if any(0xD800 <= ord(character) < 0xE000 for character in nickname):
        return
    assert crypto.decrypt_user_data(**sealed(sent), session_key=KEY, app_id=APP_ID, now=NOW) == content


def test_sessions_are_signed_as_published() -> None:
    vector = VECTORS["session_hmac"][0]
    assert ciphers.session_signature(vector["session_key"]) == vector["hex"]


def test_steps_with_a_changed_iv_are_refused() -> None:
    """An iv only garbles the first block, which in step data holds the name of the list."""
    sent = sealed({"stepInfoList": [{"timestamp": start(20), "step": 1}], "watermark": watermark()})
    for position in range(20):
        wrong = sent | {"iv": flipped(sent["iv"], position)}
        with pytest.raises((SessionStale, DataMalformed)):
            steps_by_day(crypto.decrypt_user_data(**wrong, session_key=KEY, app_id=APP_ID, now=NOW))


def start(day: int) -> int:
    return int(datetime(2026, 11, day, tzinfo=CHINA).timestamp())


def test_steps_are_read_by_the_programmes_day() -> None:
    entries = [{"timestamp": start(19), "step": 8000}, {"timestamp": start(20), "step": 0}]
    assert steps_by_day({"stepInfoList": entries}) == {date(2026, 11, 19): 8000, date(2026, 11, 20): 0}


def test_two_entries_of_one_day_count_as_the_larger() -> None:
    entries = [{"timestamp": start(20), "step": 900}, {"timestamp": start(20) + 60, "step": 700}]
    assert steps_by_day({"stepInfoList": entries}) == {date(2026, 11, 20): 900}


@pytest.mark.parametrize(
    "entries",
    [
        None,
        {},
        ["x"],
        [{"timestamp": 1}],
        [{"timestamp": 1, "step": 1.5}],
        [{"timestamp": 1, "step": True}],
        [{"timestamp": 1, "step": "7"}],
        [{"timestamp": 10**18, "step": 1}],
        [{"timestamp": -1, "step": 1}],
        [{"timestamp": 1, "step": 1}] * 32,
    ],
)
def test_steps_that_wechat_would_not_write_are_malformed_and_never_a_stale_session(entries: Any) -> None:
    with pytest.raises(DataMalformed):
        steps_by_day({"stepInfoList": entries})


def test_an_impossible_number_is_its_own_days_fault() -> None:
    entries = [{"timestamp": start(19), "step": 250_000}, {"timestamp": start(20), "step": 8000}]
    assert steps_by_day({"stepInfoList": entries}) == {date(2026, 11, 19): 250_000, date(2026, 11, 20): 8000}


def test_a_number_below_zero_is_kept_for_its_day_to_be_judged() -> None:
    told = {"stepInfoList": [{"timestamp": 1764432000, "step": -5}, {"timestamp": 1764518400, "step": 8}]}
    assert sorted(steps_by_day(told).values()) == [-5, 8]
