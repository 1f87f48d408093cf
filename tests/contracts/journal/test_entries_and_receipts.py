"""From events to entries, receipts, openings and back, on real tables and a real bucket."""

import base64
import json

import pytest

from puhui.journal import usecases
from puhui.journal.errors import (
    EntryNotFound,
    EventIdReused,
    HeadRolledBack,
    JournalCorrupt,
    NothingPublished,
    PublishedChanged,
    ReceiptNotReady,
    SizeNotPublished,
)
from puhui.journal.intake import read
from puhui.journal.model import Event, Head, pseudonym
from puhui.journal.sequencer import recover
from puhui.tlog import entries, receipts
from puhui.tlog.merkle import leaf_hash
from puhui.tlog.notes import from_b64
from tests.contracts.journal.conftest import NOW, PEPPER, Alliance


def event(number: int, *subjects: str, kind: str = "transfer", **body: object) -> Event:
    return Event(f"{kind}-{number}", kind, "2026-11-21T08:30:00+08:00", subjects or ("member:m",), body)


def revision_of(alliance: Alliance, entry_id: str, subject: str = "") -> dict:
    return usecases.get_revision(entry_id, subject, alliance.reader)


def leaf_of(revision: dict) -> bytes:
    return base64.b64decode(revision["entry"])


def submitted(alliance: Alliance) -> list[Event]:
    """What the table's stream brings to the sequencer: every submission that stands."""
    whole = alliance.journal.dynamodb._send(
        "Scan", {"TableName": alliance.journal.table, "ConsistentRead": True}
    )
    from puhui.store.values import decode_item  # noqa: PLC0415

    events, poison = read([("journal", decode_item(item), NOW) for item in whole["Items"]])
    assert not poison
    return events


def test_an_empty_log_has_no_digest(alliance: Alliance):
    alliance.publish()
    with pytest.raises(NothingPublished):
        usecases.get_digest(alliance.reader)
    with pytest.raises(EntryNotFound):
        usecases.get_receipt("nobody", alliance.reader)


def test_a_transfer_leaves_one_entry_that_its_member_can_open(alliance: Alliance, ming: str):
    posted = alliance.transfer(ming)
    assert alliance.follow(posted).appended == 1
    assert alliance.follow(posted).repeated == 1
    with pytest.raises(ReceiptNotReady):
        usecases.get_receipt(posted.id, alliance.reader)
    assert alliance.publish().size == 1

    digest = usecases.get_digest(alliance.reader)
    assert digest["digest_tip_address"] == {"strand_id": alliance.log.origin, "sequence_no": 0}
    revision = revision_of(alliance, posted.id, ming)
    entry = entries.parse(leaf_of(revision))
    assert (entry.type, entry.id) == ("transfer", posted.id)
    entries.check_opening(entry, from_b64(revision["opening"]["salt"]), revision["opening"]["event"])
    receipt = receipts.parse(usecases.get_receipt(posted.id, alliance.reader).encode())
    proved = receipts.check(receipt, leaf_hash(leaf_of(revision)), alliance.policy)
    assert set(proved.cosigned) == {"ent", "gov", "ngo"}


def test_nobody_but_the_member_gets_the_opening(alliance: Alliance, ming: str):
    alliance.follow(posted := alliance.transfer(ming))
    alliance.publish()
    assert "opening" not in revision_of(alliance, posted.id)
    assert "opening" not in revision_of(alliance, posted.id, "member:somebody-else")


def test_an_entry_tells_neither_account_nor_amount(alliance: Alliance, ming: str):
    alliance.follow(posted := alliance.transfer(ming, mg=123_456_789))
    alliance.publish()
    leaf = leaf_of(revision_of(alliance, posted.id)).decode()
    assert ming.removeprefix("member:") not in leaf
    assert "123456789" not in leaf
    assert pseudonym(PEPPER, ming) not in leaf


def test_entries_of_one_stream_are_chained(alliance: Alliance):
    alliance.sequence(event(1), event(2, "member:other"), event(3))
    alliance.sequence(event(4))
    alliance.publish()
    leaves = {n: leaf_of(revision_of(alliance, f"transfer-{n}")) for n in (1, 2, 3, 4)}
    prev = {n: entries.parse(leaf).prev for n, leaf in leaves.items()}
    assert prev == {1: None, 2: None, 3: leaf_hash(leaves[1]), 4: leaf_hash(leaves[3])}


def test_an_event_about_two_members_is_opened_by_both_until_one_is_erased(alliance: Alliance):
    alliance.sequence(event(1, "member:a", "member:b", n=1))
    alliance.publish()
    for subject in ("member:a", "member:b"):
        assert revision_of(alliance, "transfer-1", subject)["opening"]["event"]["n"] == 1
    erase(alliance, "member:b")
    for subject in ("member:a", "member:b"):
        assert "opening" not in revision_of(alliance, "transfer-1", subject)


def erase(alliance: Alliance, subject: str) -> dict[str, int]:
    return usecases.erase(subject, "the member asked", journal=alliance.journal, pepper=PEPPER, now=NOW)


def test_erasure_leaves_every_proof_valid_and_the_entries_unopenable(alliance: Alliance, ming: str):
    mine = [alliance.transfer(ming) for _ in range(3)]
    other = alliance.transfer("member:other")
    alliance.follow(mine[0], other, *mine[1:])
    alliance.publish()
    before = [usecases.get_receipt(each.id, alliance.reader) for each in (*mine, other)]

    assert erase(alliance, ming) == {"entries": 3, "payloads": 3}
    assert erase(alliance, ming) == {"entries": 0, "payloads": 0}
    (record,) = submitted(alliance)
    alliance.sequence(record)
    alliance.publish()

    for each, receipt in zip((*mine, other), before, strict=True):
        leaf = leaf_hash(leaf_of(revision_of(alliance, each.id)))
        for text in (receipt, usecases.get_receipt(each.id, alliance.reader)):
            receipts.check(receipts.parse(text.encode()), leaf, alliance.policy)
    assert all("opening" not in revision_of(alliance, each.id, ming) for each in mine)
    assert "opening" in revision_of(alliance, other.id, "member:other")
    public = revision_of(alliance, record.id)["opening"]["event"]
    assert (public["indices"], public["reason"]) == ([0, 2, 3], "the member asked")
    report = alliance.audit()
    assert (report.sound, report.erased, report.opened) == (True, 3, 2)


def test_what_comes_again_after_an_erasure_brings_nothing_back(alliance: Alliance, ming: str):
    alliance.follow(posted := alliance.transfer(ming))
    erase(alliance, ming)
    late = alliance.transfer(ming)
    alliance.follow(posted, late)
    alliance.publish()
    for each in (posted, late):
        assert "opening" not in revision_of(alliance, each.id, ming)
    assert list(alliance.journal.payload_ids(pseudonym(PEPPER, ming))) == []


def test_an_anchor_is_public_and_written_once_for_its_key(alliance: Alliance):
    def anchor(digest: str, key: str) -> dict:
        return usecases.anchor_record("m1", digest, key, journal=alliance.journal, pepper=PEPPER, now=NOW)

    first, again = anchor("ab" * 32, "k1"), anchor("ab" * 32, "k1")
    assert first == again
    with pytest.raises(EventIdReused):
        anchor("cd" * 32, "k1")
    assert alliance.sequence(*submitted(alliance)).appended == 1
    alliance.publish()
    content = revision_of(alliance, first["entry_id"])["opening"]["event"]
    assert (content["digest"], content["algorithm"]) == ("ab" * 32, "sha-256")
    assert "m1" not in json.dumps(content)


def test_a_published_version_that_changed_is_found_out(alliance: Alliance):
    def record(content_hash: str) -> bool:
        return usecases.record_publication(
            "methodology", "subway-trip", "1", content_hash, journal=alliance.journal, pepper=PEPPER, now=NOW
        )

    assert record("11" * 32)
    record("11" * 32)
    with pytest.raises(PublishedChanged):
        record("22" * 32)
    assert alliance.sequence(*submitted(alliance)).appended == 1


def test_consistency_between_any_two_sizes_is_proved(alliance: Alliance):
    for first in range(0, 9, 3):
        alliance.sequence(*(event(n) for n in range(first, first + 3)))
    alliance.publish()
    for old in range(1, 10):
        answer = usecases.get_consistency(old, 9, alliance.reader)
        assert (answer["from"], answer["to"]) == (old, 9)
    for old, new in ((0, 5), (5, 4), (1, 10)):
        with pytest.raises(SizeNotPublished):
            usecases.get_consistency(old, new, alliance.reader)


def test_poison_is_set_aside_and_holds_up_nobody(alliance: Alliance, ming: str):
    good = alliance.transfer(ming)
    item = alliance.ledger.dynamodb.get(alliance.ledger.table, {"account": ming, "entry": f"T#{good.id}"})
    assert item
    bad = [
        item | {"entry": "T#BAD1", "at": "yesterday"},
        item | {"entry": "T#BAD2", "legs": [{"account": "a", "asset": "b", "amount": 1}]},
        item | {"entry": f"T#{'X' * 66_000}"},
        {"account": ming, "entry": "T#BAD3"},
    ]
    events, poison = read([("ledger", each, NOW) for each in (bad[0], bad[1], item, bad[2], bad[3])])
    assert [each.id for each in events] == [good.id]
    assert [each.key["entry"][:6] for each in poison] == ["T#BAD1", "T#BAD2", "T#XXXX", "T#BAD3"]
    assert alliance.sequence(*events).appended == 1


def test_without_a_quorum_nothing_is_published_and_later_all_of_it(alliance: Alliance):
    alliance.sequence(event(1))
    alliance.down = {"gov"}
    told = alliance.publish()
    assert (told.size, told.new) == (0, False)
    assert {one.witness.name: one.outcome for one in told.asked} == {
        "ent": "cosigned",
        "gov": "failed",
        "ngo": "cosigned",
    }
    alliance.sequence(event(2))
    alliance.down = set()
    told = alliance.publish()
    assert (told.size, told.new) == (2, True)
    assert not alliance.publish().new


def test_a_witness_whose_size_was_forgotten_is_asked_from_its_own(alliance: Alliance):
    alliance.sequence(event(1), event(2))
    alliance.publish()
    alliance.journal.put_witnessed("gov", 0)
    alliance.journal.put_witnessed("ngo", 1)
    alliance.sequence(event(3))
    assert alliance.publish().size == 3


def test_a_witness_that_saw_another_log_refuses(alliance: Alliance):
    alliance.sequence(event(1), event(2))
    alliance.publish()
    gov = alliance.witnesses["gov"]
    gov.seen = type(gov.seen)(gov.seen.origin, gov.seen.size, b"x" * 32)
    alliance.sequence(event(3))
    told = alliance.publish()
    assert [one.outcome for one in told.asked if one.witness.name == "gov"] == ["refused"]
    assert (told.size, told.new) == (2, False)


def test_the_archive_of_checkpoints_is_under_object_lock(alliance: Alliance):
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    alliance.sequence(event(1))
    alliance.publish()
    client = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    retention = client.get_object_retention(Bucket=alliance.bucket.name, Key="checkpoints/1")["Retention"]
    assert retention["Mode"] == "COMPLIANCE"


def test_a_head_restored_from_a_backup_stops_the_journal(alliance: Alliance):
    alliance.sequence(event(1), event(2))
    head, _, _ = alliance.journal.head()
    alliance.sequence(event(3))
    _set_head(alliance, head)
    with pytest.raises(HeadRolledBack):
        alliance.sequence(event(4))


def test_a_whole_table_restored_from_a_backup_stops_the_publication(alliance: Alliance):
    alliance.sequence(event(1), event(2))
    head, size, note = alliance.journal.head()
    alliance.sequence(event(3))
    alliance.publish()
    _set_head(alliance, head)
    alliance.journal.dynamodb.update(
        *alliance.journal._head_key("signed"),
        "SET #size = :n, note = :t",
        {":n": size, ":t": note},
        names={"#size": "size"},
    )
    with pytest.raises(HeadRolledBack):
        alliance.publish()


def test_a_missing_or_changed_staging_stops_the_journal(alliance: Alliance):
    alliance.sequence(event(1))
    head, _, _ = alliance.journal.head()
    _set_head(alliance, Head(2, b"r" * 32, "staging/nowhere"))
    with pytest.raises(JournalCorrupt):
        recover(alliance.log)
    _set_head(alliance, head)
    assert recover(alliance.log) == head


def _set_head(alliance: Alliance, head: Head) -> None:
    alliance.journal.dynamodb.update(
        *alliance.journal._head_key("head"),
        "SET #size = :n, root = :r, staging = :s",
        {":n": head.size, ":r": head.root, ":s": head.staging},
        names={"#size": "size"},
    )
