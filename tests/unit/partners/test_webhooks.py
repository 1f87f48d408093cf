"""What is told to a data partner: signed by Ed25519, tried again as Standard Webhooks says, thin."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from puhui.partners import signing
from puhui.partners.webhooks import model
from puhui.partners.webhooks.model import (
    Endpoint,
    Event,
    SigningKey,
    after,
    claimed,
    endpoint_after,
    new_event,
    pending,
    replayed,
)
from puhui.partners.webhooks.repository import ENDPOINT, EVENT
from tests.support import golden

# RFC 8032, 7.1, test 1; the signature is that of OpenSSL 3.0.
PRIVATE = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg=="
PUBLIC = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
BODY = b'{"data":{"activity_id":"R1"},"timestamp":"2025-12-01T02:00:00Z","type":"act.credited"}'
SIGNATURE = "v1a,+23e85ex7BIfuHaE4Z0joIrCcq4U9gNOJ06b/Q3ezQEgOpU5WwsitmwNMyuy2xQIQJUv62FURa1KRcKEOenRDQ=="
MESSAGE_ID, AT = "01KBBBBBBBBBBBBBBBBBBBBBBB", datetime.fromtimestamp(1764554400, UTC)
NOW = datetime(2026, 12, 1, 2, tzinfo=UTC)
EVENT_1 = new_event("metro", model.FILE_DONE, {"file_id": "F1"}, NOW)


def test_a_message_is_signed_as_the_vector_says():
    seed = signing.seed_of(PRIVATE)
    assert (signing.private_text(seed), signing.public_text(seed)) == (PRIVATE, PUBLIC)
    assert signing.headers_by_seeds(MESSAGE_ID, BODY, [seed], AT) == {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": "1764554400",
        "webhook-signature": SIGNATURE,
    }


def test_both_keys_sign_and_each_signature_holds():
    seeds = [bytes([n]) * 32 for n in (1, 2)]
    given = signing.headers_by_seeds("m1", BODY, seeds, AT)["webhook-signature"].split()
    assert len(given) == 2
    for seed, signature in zip(seeds, given, strict=True):
        public = signing._private(seed).public_key().public_bytes_raw()
        version, _, text = signature.partition(",")
        assert version == "v1a"
        Ed25519PublicKey.from_public_bytes(public).verify(
            signing.base64.b64decode(text), b"m1.1764554400." + BODY
        )


@pytest.mark.parametrize(
    "text", ["whsec_" + "A" * 44, "whsk_", "whsk_AAAA", "whsk_" + "A" * 86 + "==", "whsk_é"]
)
def test_what_is_no_private_key_is_refused(text: str):
    with pytest.raises(ValueError):
        signing.seed_of(text)


def test_attempts_follow_the_schedule_and_end():
    chance = random.Random(1)
    event, now, pauses = pending(EVENT_1), NOW, []
    while event.status == model.PENDING:
        assert event.next_at is not None
        pauses.append(event.next_at - now)
        now = event.next_at
        event = after(claimed(event, now), 500, "", now, chance)
    assert event.status == model.GIVEN_UP
    assert len(pauses) == 10
    for pause, wanted in zip(pauses, model.PAUSES, strict=True):
        assert wanted <= pause <= wanted * 1.1
    assert sum(model.PAUSES, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


def test_an_attempt_that_died_is_made_again():
    tried = claimed(pending(EVENT_1), NOW)
    assert tried.next_at == NOW + model.LEASE


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("", 5),
        ("3", 5),
        ("120", 120),
        ("999999999999", 86_400),
        ("Tue, 01 Dec 2026 02:10:00 GMT", 600),
        ("Tue, 01 Dec 2026 01:00:00 GMT", 5),
        ("soon", 5),
        ("-9", 5),
    ],
)
def test_retry_after_is_honoured_up_to_a_day(retry_after: str, seconds: int):
    event = after(claimed(pending(EVENT_1), NOW), 503, retry_after, NOW, random.Random(1))
    assert event.next_at is not None
    wanted = timedelta(seconds=seconds)
    assert wanted <= event.next_at - NOW <= wanted * 1.1


def test_a_success_ends_it_and_a_replay_begins_anew_under_the_same_id():
    done = after(claimed(pending(EVENT_1), NOW), 204, "", NOW, random.Random(1))
    assert (done.status, done.next_at, done.ended_at) == (model.DELIVERED, None, NOW)
    again = replayed(done, NOW)
    assert (again.id, again.body) == (done.id, done.body)
    assert (again.status, again.attempts, again.replays, again.next_at) == (model.PENDING, 0, 1, NOW)
    assert replayed(again, NOW) is again


def test_gone_disables_at_once_and_failing_for_days_in_the_end():
    endpoint = Endpoint("metro", "https://metro.example/hooks")
    gone = after(claimed(pending(EVENT_1), NOW), 410, "", NOW, random.Random(1))
    disabled = endpoint_after(endpoint, gone, NOW)
    assert gone.status == model.GIVEN_UP
    assert (disabled.status, disabled.reason) == (model.DISABLED, model.GONE)
    failed = after(claimed(pending(EVENT_1), NOW), 0, "", NOW, random.Random(1))
    failing = endpoint_after(endpoint, failed, NOW)
    assert (failing.status, failing.failing_since) == (model.ACTIVE, NOW)
    later = NOW + model.FAILING_MOST
    assert endpoint_after(failing, failed, later - timedelta(seconds=1)).status == model.ACTIVE
    assert endpoint_after(failing, failed, later).reason == model.FAILING
    well = after(claimed(pending(EVENT_1), NOW), 200, "", NOW, random.Random(1))
    assert endpoint_after(failing, well, later).failing_since is None


def test_one_thing_has_one_id_and_ids_are_in_the_order_of_time():
    assert new_event("metro", model.FILE_DONE, {"file_id": "F1"}, NOW) == EVENT_1
    assert new_event("bus", model.FILE_DONE, {"file_id": "F1"}, NOW).id != EVENT_1.id
    assert new_event("metro", model.FILE_DONE, {"file_id": "F2"}, NOW).id != EVENT_1.id
    assert new_event("metro", model.FILE_DONE, {"file_id": "F1"}, NOW + timedelta(seconds=1)).id > EVENT_1.id


def test_a_message_is_thin():
    with pytest.raises(ValueError, match="thin"):
        new_event("metro", model.FILE_DONE, {"file_id": "x" * 20_000}, NOW)


def test_two_keys_at_most_and_the_older_one_for_a_day():
    def key(n: int) -> SigningKey:
        return SigningKey(f"k{n}", f"whpk_{n}", NOW, None, b"")

    endpoint = Endpoint("metro", "https://metro.example", keys=(key(1),))
    twice = model.rotated(model.rotated(endpoint, key(2), NOW), key(3), NOW)
    assert [(each.id, each.until) for each in twice.keys] == [("k3", None), ("k2", NOW + model.OVERLAP)]
    assert [each["id"] for each in model.body(twice, NOW + model.OVERLAP)["public_keys"]] == ["k3"]


def test_stored_forms():
    key = SigningKey("k1", "whpk_1", NOW, NOW + timedelta(days=1), b"sealed")
    endpoint = Endpoint(
        "metro", "https://metro.example", "disabled", (key,), NOW - timedelta(days=9), "FAILING", NOW, 3
    )
    golden.check("partners", "webhook_endpoint", ENDPOINT, endpoint)
    event = Event(
        "metro",
        "01EVENT",
        "file.done",
        NOW,
        {"file_id": "F1"},
        "given_up",
        4,
        NOW + timedelta(hours=1),
        2,
        503,
        NOW + timedelta(hours=2),
    )
    golden.check("partners", "webhook_event", EVENT, event)
