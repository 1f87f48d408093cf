"""Every shape that the journal stores, as it is stored."""

from puhui.journal.dynamo import HEAD, PAYLOAD, PLACE, STREAM
from puhui.journal.model import Head, Payload, Place, Stream
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
