"""Our signatures are those of the Standard Webhooks specification, and nothing less is believed."""

import base64
import math
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from puhui.partners import signing
from puhui.partners.errors import SignatureInvalid
from puhui.partners.signing import headers, key_of, require_signed, secret_text

# The vector that the specification's own libraries are tested with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
KEY, OTHER = key_of(SECRET), bytes(range(32))


def sent(**changes: str) -> dict[str, str]:
    signed = {"webhook-id": MESSAGE_ID, "webhook-timestamp": "1614265330", "webhook-signature": SIGNATURE}
    return signed | {name.replace("_", "-"): value for name, value in changes.items()}


def test_the_published_vector():
    assert headers(MESSAGE_ID, BODY, [KEY], AT) == sent()
    assert require_signed(sent(), BODY, [KEY], AT) == MESSAGE_ID


@given(
    st.binary(min_size=24, max_size=64), st.text(alphabet="abcXYZ019_-", min_size=1, max_size=64), st.text()
)
def test_the_library_of_the_specification_signs_the_same(key: bytes, message_id: str, text: str):
    text = text.encode(errors="replace").decode()
    library = Webhook(secret_text(key))
    moment = datetime.fromtimestamp(math.floor(AT.timestamp()), UTC)
    ours = headers(message_id, text.encode(), [key], moment)
    assert ours["webhook-signature"] == library.sign(message_id, moment, text)


def test_the_library_of_the_specification_believes_us_and_we_believe_it():
    now = datetime.now(UTC)
    ours = headers(MESSAGE_ID, BODY, [OTHER, KEY], now)
    Webhook(SECRET).verify(BODY, ours)
    theirs = {
        "Webhook-Id": MESSAGE_ID,
        "Webhook-Timestamp": str(math.floor(time.time())),
        "Webhook-Signature": Webhook(SECRET).sign(MESSAGE_ID, now, BODY.decode()),
    }
    assert require_signed(theirs, BODY, [KEY], now) == MESSAGE_ID


def test_a_message_is_signed_with_every_key_that_lives_and_one_of_them_is_enough():
    both = headers(MESSAGE_ID, BODY, [OTHER, KEY], AT)
    assert both["webhook-signature"].split(" ")[1] == SIGNATURE
    for key in (KEY, OTHER):
        assert require_signed(both, BODY, [key], AT) == MESSAGE_ID
    assert require_signed(sent(), BODY, [OTHER, KEY], AT) == MESSAGE_ID


def test_unknown_versions_stand_beside_the_right_one():
    signatures = f"v1a,abc v2,{SIGNATURE[3:]} v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= {SIGNATURE}"
    assert require_signed(sent(webhook_signature=signatures), BODY, [KEY], AT) == MESSAGE_ID


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook_id": "msg_other"},
        {"webhook_id": ""},
        {"webhook_id": "a.b"},
        {"webhook_id": MESSAGE_ID + "\n"},
        {"webhook_timestamp": "1614265331"},
        {"webhook_timestamp": "1614265330.0"},
        {"webhook_timestamp": "-1614265330"},
        {"webhook_timestamp": "١٦١٤٢٦٥٣٣٠"},
        {"webhook_timestamp": "9" * 400},
        {"webhook_timestamp": ""},
        {"webhook_signature": ""},
        {"webhook_signature": "v1"},
        {"webhook_signature": "v1,"},
        {"webhook_signature": SIGNATURE[3:]},
        {"webhook_signature": "v2," + SIGNATURE[3:]},
        {"webhook_signature": SIGNATURE + "x"},
        {"webhook_signature": SIGNATURE[:-2]},
        {"webhook_signature": "v1,签名"},
        {"webhook_signature": "v1,\ud800"},
        {"webhook_signature": " ".join(["v1,x"] * 1000 + [SIGNATURE])},
    ],
)
def test_anything_else_is_not_believed(changes: dict[str, str]):
    with pytest.raises(SignatureInvalid):
        require_signed(sent(**changes), BODY, [KEY], AT)


def test_no_headers_no_body_or_no_keys_are_not_believed():
    for given_headers, body, keys in (({}, BODY, [KEY]), (sent(), b"", [KEY]), (sent(), BODY, [])):
        with pytest.raises(SignatureInvalid):
            require_signed(given_headers, body, keys, AT)
    for name in sent():
        with pytest.raises(SignatureInvalid):
            require_signed({key: value for key, value in sent().items() if key != name}, BODY, [KEY], AT)


@pytest.mark.parametrize("key", [OTHER, KEY + b"x", KEY[:-1]])
def test_another_key_is_not_believed(key: bytes):
    with pytest.raises(SignatureInvalid):
        require_signed(sent(), BODY, [key], AT)


def test_a_message_is_believed_for_five_minutes_either_way():
    for seconds in (-300, 300):
        assert require_signed(sent(), BODY, [KEY], AT + timedelta(seconds=seconds))
    for seconds in (-301, 301):
        with pytest.raises(SignatureInvalid):
            require_signed(sent(), BODY, [KEY], AT + timedelta(seconds=seconds))


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_one_signature_is_of_one_body(body: bytes, other: bytes):
    signed = headers("msg_1", body, [KEY], AT)
    if body == other:
        assert require_signed(signed, other, [KEY], AT) == "msg_1"
    else:
        with pytest.raises(SignatureInvalid):
            require_signed(signed, other, [KEY], AT)


@pytest.mark.parametrize("size", [23, 65])
def test_a_secret_has_24_to_64_bytes(size: int):
    with pytest.raises(ValueError):
        key_of(secret_text(bytes(size)))


@pytest.mark.parametrize(
    "text", ["", "whsec_", SECRET.removeprefix("whsec_"), "whsec_***", "whsk_" + SECRET[6:]]
)
def test_what_is_no_secret_is_refused(text: str):
    with pytest.raises(ValueError):
        key_of(text)


def test_a_secret_reads_back():
    assert key_of(secret_text(OTHER)) == OTHER
    assert secret_text(OTHER) == "whsec_" + base64.b64encode(OTHER).decode()


@pytest.mark.parametrize("message_id", ["", "a.b", "a b", "a" * 129, "编号"])
def test_an_id_that_could_be_mistaken_is_not_signed(message_id: str):
    with pytest.raises(ValueError):
        headers(message_id, BODY, [KEY], AT)


def test_the_tolerance_is_the_libraries():
    assert signing.TOLERANCE_SECONDS == 300
