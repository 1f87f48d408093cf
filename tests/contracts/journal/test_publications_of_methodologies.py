"""A methodology's publication and withdrawal, from its table's stream to entries that anybody can open."""

from dataclasses import replace

from puhui.journal import usecases
from puhui.journal.intake import read
from puhui.kernel import ids
from puhui.methodologies import lifecycle
from puhui.methodologies.lifecycle import Officer, Version
from puhui.methodologies.repository import VERSIONS
from puhui.tlog import entries
from puhui.tlog.notes import from_b64, to_b64
from tests.contracts.journal.conftest import NOW, PEPPER, Alliance

CITY, COLLEAGUE = (Officer(name, frozenset({"authority_city"})) for name in ("city", "colleague"))
PROVINCE = Officer("province", frozenset({"authority_province"}))
HASH = "a" * 64
DRAFT = Version("rain", "2", {"zh-CN": "雨", "en": "Rain"}, HASH, "CN-GD", CITY.id)


def published() -> Version:
    draft = lifecycle.file(None, DRAFT, CITY, NOW)
    approved = lifecycle.review(draft, COLLEAGUE, "approve", HASH, "", NOW)
    return lifecycle.publish(approved, PROVINCE, HASH, "", NOW, None)


def follow(alliance: Alliance, *versions: Version) -> int:
    """What the table's stream brings to the sequencer; how many entries it leaves."""
    events, poison = read([("methodologies", VERSIONS["M#"].item(each), NOW) for each in versions])
    assert not poison
    return alliance.sequence(*events).appended


def opened(alliance: Alliance, entry_id: str) -> dict:
    revision = usecases.get_revision(entry_id, "", alliance.reader)
    opening = revision["opening"]
    entry = entries.parse(from_b64(revision["entry"]))
    entries.check_opening(entry, from_b64(opening["salt"]), opening["event"])
    return {"entry": entry, "event": opening["event"], "leaf": to_b64(bytes(entry))}


def test_anybody_opens_a_publication_and_a_withdrawal(alliance: Alliance):
    version = published()
    withdrawn = lifecycle.withdraw(version, PROVINCE, "the factor was wrong", NOW)
    assert follow(alliance, version, withdrawn) == 2
    alliance.publish()
    first = opened(alliance, ids.key_id("methodology", "rain", "2"))
    last = opened(alliance, ids.key_id("methodology", "rain", "2", "withdrawn"))
    assert (first["event"]["status"], first["event"]["hash"]) == ("published", HASH)
    assert (last["event"]["status"], last["event"]["reason"]) == ("withdrawn", "the factor was wrong")
    assert first["entry"].prev is None
    assert last["entry"].prev is not None  # one stream: the withdrawal names the publication before it


def test_what_the_stream_brings_twice_stands_once(alliance: Alliance):
    assert follow(alliance, published()) == 1
    assert follow(alliance, published(), replace(published(), revision=9)) == 0


def test_versions_that_are_not_published_leave_nothing(alliance: Alliance):
    draft = lifecycle.file(None, DRAFT, CITY, NOW)
    superseded = lifecycle.supersede(published(), replace(published(), version="3"))
    assert follow(alliance, draft, superseded) == 0


def test_a_version_of_the_layer_and_one_that_was_filed_share_a_stream(alliance: Alliance):
    usecases.record_publication(
        "methodology", "rain", "1", "b" * 64, journal=alliance.journal, pepper=PEPPER, now=NOW
    )
    assert follow(alliance, published()) == 1
    alliance.publish()
    assert opened(alliance, ids.key_id("methodology", "rain", "2"))["event"]["version"] == "2"
