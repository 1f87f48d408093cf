"""Every shape that the journal stores, as it is stored."""

from puhui.journal.dynamo import HEAD, PAYLOAD, PLACE, STREAM, Journal
from puhui.journal.model import Event, Head, Payload, Place, Stream
from puhui.store.session import Session
from tests.support import golden


def test_a_stream():
    golden.check("journal", "stream", STREAM, Stream("f00d", b"key", b"leaf", 41))


def test_a_payload():
    golden.check(
        "journal", "payload", PAYLOAD, Payload("f00d", "01ENTRY", "anchor", ("f00d", "cafe"), b"sealed", "{}")
    )


def test_a_place():
    golden.check("journal", "place", PLACE, Place("01ENTRY", 41, "f00d", "transfer"))


def test_the_head():
    golden.check("journal", "head", HEAD, Head(42, b"root", "staging/42"))


def test_what_is_written_beside_them():
    sent = golden.Sent({"Attributes": {}})
    journal, session = Journal(sent.dynamodb, "journal", "log.example"), Session(sent.dynamodb)
    journal.add_submission(
        session, Event("01ENTRY", "anchor", "2026-11-30", ("s",), {"subject": "s"}), "f00d"
    )
    journal.add_erasure(session, "cafe", "2026-11-30")
    session.commit()
    journal.move_head(Head(41, b"before", "staging/41"), Head(42, b"root", "staging/42"))
    journal.advance([Stream("f00d", b"key", b"leaf", 41)])
    journal.put_signed(42, "note")
    journal.put_witnessed("ngo", 42)
    sent.check("journal", "calls")
