"""Somebody with every right changes what is stored. The audit finds it and names it."""

from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config

from puhui.journal.audit import Finding
from puhui.journal.model import pseudonym
from puhui.ledger.audit import audit as audit_ledger
from puhui.ledger.dynamo import LEG
from puhui.ledger.model import Transfer
from tests.contracts.journal.conftest import PEPPER, Alliance

# What is stored is the same on each engine, and reading it is tried on both elsewhere.
pytestmark = pytest.mark.parametrize("engine", ["ministack"], indirect=True)


@pytest.fixture
def members(alliance: Alliance, ming: str) -> list[Transfer]:
    """A log of 260 entries about two members, published; what the audit then says is: all is well."""
    posted = [each for n in range(4) for each in alliance.transfers("member:other" if n == 1 else ming, 65)]
    alliance.follow(*posted)
    alliance.publish()
    report = alliance.audit()
    assert (report.sound, report.entries, report.opened, report.transfers) == (True, 260, 260, 260)
    assert audit_ledger(alliance.ledger).sound
    return posted


def found(alliance: Alliance) -> list[tuple[str, str]]:
    return [(finding.kind, finding.what) for finding in alliance.audit().findings]


def change(alliance: Alliance, context: str, where: dict[str, str], /, **values: Any) -> None:
    """Set attributes of an item, past all rules."""
    owner = alliance.ledger if context == "ledger" else alliance.journal
    names = {f"#{name}": name for name in values}
    sets = ", ".join(f"#{name} = :{name}" for name in values)
    owner.dynamodb.update(
        owner.table, where, f"SET {sets}", {f":{name}": value for name, value in values.items()}, names=names
    )


def overwrite(alliance: Alliance, key: str, at: int = 40) -> None:
    """Flip a bit of an object, past its condition; under versioning this makes a new version."""
    kept = alliance.bucket.get(key)
    assert kept
    body = bytearray(kept.body)
    body[at] ^= 1
    client = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    client.put_object(Bucket=alliance.bucket.name, Key=key, Body=bytes(body))


def place(transfer: Transfer) -> dict[str, str]:
    return {"account": transfer.owners[0], "entry": f"T#{transfer.id}"}


def test_a_changed_transfer(alliance: Alliance, members: list[Transfer]):
    legs = [LEG.item(replace(leg, amount=leg.amount * 2)) for leg in members[7].legs]
    change(alliance, "ledger", place(members[7]), legs=legs)
    assert found(alliance) == [("transfer", members[7].id)]


def test_a_removed_transfer(alliance: Alliance, members: list[Transfer]):
    alliance.ledger.dynamodb.delete_all(alliance.ledger.table, [place(members[9])])
    assert found(alliance) == [("transfer", members[9].id)]


def test_an_added_transfer(alliance: Alliance, members: list[Transfer]):
    item = alliance.ledger.dynamodb.get(alliance.ledger.table, place(members[9]))
    assert item
    alliance.ledger.dynamodb.put_all(alliance.ledger.table, [item | {"entry": "T#01HACKED"}])
    assert found(alliance) == [("missing entry", "01HACKED")]


def test_a_young_transfer_is_only_on_its_way(alliance: Alliance, members: list[Transfer], ming: str):
    alliance.transfer(ming, minutes=2)
    report = alliance.audit()
    assert (report.sound, report.on_their_way, report.transfers) == (True, 1, 261)


def test_a_changed_balance(alliance: Alliance, members: list[Transfer], ming: str):
    change(alliance, "ledger", {"account": ming, "entry": "B#carbon-88"}, credits_2026=10**9)
    assert [(d.account, d.field) for d in audit_ledger(alliance.ledger).differences] == [
        (ming, "credits_2026")
    ]
    assert alliance.audit().sound  # the transfers are what they were


@pytest.mark.parametrize(("key", "entry"), [("tile/entries/000", 0), ("tile/entries/001.p/4", 256)])
def test_a_changed_entry_tile(alliance: Alliance, members: list[Transfer], key: str, entry: int):
    overwrite(alliance, key)
    (finding,) = alliance.audit().findings
    assert finding.kind == "tile"
    assert finding.detail.startswith(f"entry {entry} and its hash in tile/0/00")


@pytest.mark.parametrize("key", ["tile/0/000", "tile/0/001.p/4", "tile/1/000.p/1"])
def test_a_changed_hash_tile(alliance: Alliance, members: list[Transfer], key: str):
    overwrite(alliance, key, at=5)
    findings = alliance.audit().findings
    assert {finding.kind for finding in findings} == {"tile"}
    assert key.partition(".p")[0] in findings[-1].detail


def test_a_missing_tile(alliance: Alliance, members: list[Transfer]):
    client = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    client.delete_object(Bucket=alliance.bucket.name, Key="tile/0/001.p/4")  # a delete marker
    findings = alliance.audit().findings
    assert {finding.kind for finding in findings} == {"tile"}
    assert "is missing" in findings[-1].detail


@pytest.mark.parametrize("at", [0, 20, 30, 200])
def test_a_changed_published_checkpoint(alliance: Alliance, members: list[Transfer], at: int):
    overwrite(alliance, "checkpoint", at)
    assert ("checkpoint", "published") in found(alliance)


def test_a_changed_archive_of_a_checkpoint(alliance: Alliance, members: list[Transfer]):
    overwrite(alliance, "checkpoints/260", 30)
    assert [kind for kind, _ in found(alliance)] == ["checkpoint"]


def test_a_changed_signed_checkpoint(alliance: Alliance, members: list[Transfer]):
    _, _, note = alliance.journal.head()
    forged = note.replace("\n260\n", "\n261\n")
    change(alliance, "journal", alliance.journal._head_key("signed").key, note=forged, size=261)
    assert ("checkpoint", "signed") in found(alliance)


@pytest.mark.parametrize(
    "values",
    [{"size": 259}, {"root": b"x" * 32}, {"size": 300}, {"size": 300, "staging": "staging/nowhere"}],
    ids=["smaller", "another root", "larger", "larger, nowhere staged"],
)
def test_a_changed_head(alliance: Alliance, members: list[Transfer], values: dict[str, Any]):
    change(alliance, "journal", alliance.journal._head_key("head").key, **values)
    assert found(alliance) == [("head", alliance.journal.origin)]


def test_a_changed_payload(alliance: Alliance, members: list[Transfer], ming: str):
    entry_id = next(each.id for each in members if each.owners[0] == ming)
    key = {"stream": f"S#{pseudonym(PEPPER, ming)}", "entry": f"P#{entry_id}"}
    change(alliance, "journal", key, sealed=b"x" * 60)
    assert alliance.audit().findings == [Finding("payload", entry_id, "was changed: its seal is broken")]


def test_a_removed_payload(alliance: Alliance, members: list[Transfer], ming: str):
    entry_id = next(each.id for each in members if each.owners[0] == ming)
    alliance.journal.delete_payloads(pseudonym(PEPPER, ming), [entry_id])
    assert found(alliance) == [("payload", entry_id)]


def test_a_removed_or_changed_place(alliance: Alliance, members: list[Transfer]):
    change(alliance, "journal", {"stream": f"E#{members[3].id}", "entry": "place"}, index=77)
    assert ("entry", members[3].id) in found(alliance)
    alliance.journal.dynamodb.delete_all(
        alliance.journal.table, [{"stream": f"E#{members[3].id}", "entry": "place"}]
    )
    assert {("entry", members[3].id), ("missing entry", members[3].id)} <= set(found(alliance))


def test_a_changed_key_of_a_member(alliance: Alliance, members: list[Transfer], ming: str):
    key = {"stream": f"S#{pseudonym(PEPPER, ming)}", "entry": "stream"}
    change(alliance, "journal", key, key=b"k" * 32)
    mine = {each.id for each in members if each.owners[0] == ming}
    assert {what for kind, what in found(alliance) if kind == "payload"} == mine
