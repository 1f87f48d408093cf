"""Filing, reviewing, publishing and withdrawing on a real table: idempotent, atomic, and sound when people race."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from puhui.journal.intake import read
from puhui.kernel import ids
from puhui.kernel.errors import DomainError
from puhui.methodologies import procedure, usecases
from puhui.methodologies.repository import VERSIONS
from puhui.store.cursors import Cursors
from puhui.store.values import decode_item
from tests.contracts.methodologies.conftest import (
    CITY,
    COLLEAGUE,
    NOW,
    OTHER_PROVINCE,
    PROVINCE,
    Office,
    document,
)

RACES = 6


def code(step: Callable[[], Any]) -> str:
    with pytest.raises(DomainError) as raised:
        step()
    return raised.value.code


def together(*steps: Callable[[], Any]) -> list[str]:
    """The steps at once; of each its status, or the code it was refused with."""

    def outcome(step: Callable[[], Any]) -> str:
        try:
            return str(step()["status"])
        except DomainError as error:
            return error.code

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(outcome, steps))


def items(office: Office) -> list[dict[str, Any]]:
    answer = office.table.dynamodb._send("Scan", {"TableName": office.table.table, "ConsistentRead": True})
    return [decode_item(item) for item in answer["Items"]]


def test_a_version_goes_from_the_citys_draft_to_the_provinces_publication(office: Office):
    filed = office.file()
    assert (filed["status"], filed["author"], filed["approvals"]) == ("draft", CITY.id, 0)
    assert "entry_id" not in filed
    assert office.review()["status"] == "approved"
    done = office.publish()
    assert done["status"] == "published"
    assert [(step["what"], step["by"]) for step in done["history"]] == [
        ("filed", CITY.id),
        ("approved", COLLEAGUE.id),
        ("published", PROVINCE.id),
    ]
    assert office.draft()["document"] == document()
    assert done["entry_id"] == ids.key_id("methodology", "lights-off", "7")


def test_the_same_document_again_gives_the_same_answer(office: Office):
    first = office.file()
    before = items(office)
    assert office.file() == office.file(key="k") == office.file(key="k") == first
    assert [item for item in items(office) if not item["entry"].startswith("I#")] == before


def test_a_key_stands_for_one_request(office: Office):
    office.file(key="k")
    assert code(lambda: office.file(document(name={"zh-CN": "关灯", "en": "Off"}), key="k")) == (
        "IDEMPOTENCY_KEY_REUSED"
    )
    first = office.review(key="r")
    office.publish()
    assert office.review(key="r") == first


def test_another_document_replaces_a_draft_only_by_its_author(office: Office):
    first = office.file()
    other = document(name={"zh-CN": "关灯", "en": "Off"})
    assert code(lambda: office.file(other, COLLEAGUE)) == "VERSION_TAKEN"
    assert office.draft()["hash"] == first["hash"]
    office.review("refuse")
    changed = office.file(other)
    assert (changed["status"], changed["approvals"]) == ("draft", 0)
    assert office.draft()["document"] == other
    assert code(lambda: office.review(read=first["hash"])) == "VERSION_CHANGED"


def test_what_is_published_is_never_replaced(office: Office):
    office.bring()
    other = document(name={"zh-CN": "关灯", "en": "Off"})
    assert code(lambda: office.file(other)) == "VERSION_FIXED"
    assert code(lambda: office.file(other, COLLEAGUE)) == "VERSION_FIXED"
    assert office.draft()["document"] == document()


def test_a_version_of_the_layer_is_neither_filed_nor_withdrawn(office: Office):
    assert code(lambda: office.file(document("1"))) == "VERSION_SHIPPED"
    assert code(lambda: office.withdraw(version="1")) == "VERSION_SHIPPED"


def test_a_version_before_the_published_one_is_not_published(office: Office):
    office.bring("10")
    office.file(document("9"))
    office.review(version="9")
    assert code(lambda: office.publish(version="9")) == "VERSION_NOT_NEWER"


def test_a_later_version_supersedes_the_one_before_it(office: Office):
    office.bring("7")
    office.bring("8")
    old = office.draft("7")
    assert (old["status"], old["history"][-1]["note"]) == ("superseded", "8")
    assert office.draft("8")["status"] == "published"
    shown = usecases.get_methodology_version("lights-off", "7", office.table)
    assert (shown["status"], shown["superseded_by"]) == ("superseded", "8")
    assert shown["document"] == document("7")
    assert usecases.get_methodology_version("lights-off", "1", office.table)["status"] == "superseded"
    listed = {each["id"]: each for each in usecases.list_methodologies(office.table)["items"]}
    assert (listed["lights-off"]["version"], listed["lights-off"]["status"]) == ("8", "published")
    assert listed["subway-trip"]["version"] == "1"


def test_what_was_withdrawn_is_shown_with_its_reason_and_no_longer_listed(office: Office):
    office.bring()
    office.withdraw()
    shown = usecases.get_methodology_version("lights-off", "7", office.table)
    assert (shown["status"], shown["withdrawn_because"]) == ("withdrawn", "the factor was wrong")
    listed = {each["id"]: each["version"] for each in usecases.list_methodologies(office.table)["items"]}
    assert listed["lights-off"] == "1"
    assert usecases.get_methodology_version("lights-off", "1", office.table)["status"] == "published"
    assert office.bring("8")["status"] == "published"


def test_nobody_reads_a_draft_as_published(office: Office):
    office.file()
    read = lambda: usecases.get_methodology_version("lights-off", "7", office.table)  # noqa: E731
    assert code(read) == "METHODOLOGY_NOT_FOUND"
    office.review()
    assert code(read) == "METHODOLOGY_NOT_FOUND"
    office.publish()
    assert read()["jurisdiction"] == "CN-GD"
    assert "history" not in read()


def test_what_waits_is_listed_page_by_page(office: Office):
    cursors = Cursors(b"k" * 32)
    for version in ("7", "8", "9"):
        office.file(document(version))
    office.review(version="8")
    office.review("refuse", version="9")
    first = procedure.list_drafts(1, None, table=office.table, cursors=cursors)
    assert [(each.version, each.status) for each in first.items] == [("7", "draft")]
    rest = procedure.list_drafts(10, first.cursor, table=office.table, cursors=cursors)
    assert [(each.version, each.status) for each in rest.items] == [("8", "approved")]
    office.publish(version="8")
    left = procedure.list_drafts(10, None, table=office.table, cursors=cursors)
    assert [each.version for each in left.items] == ["7"]


def test_a_document_that_was_changed_behind_our_back_is_not_shown(office: Office):
    filed = office.file()
    key = {"methodology": "M#lights-off", "entry": f"D#{filed['hash']}"}
    office.table.dynamodb.update(office.table.table, key, "SET #t = :t", {":t": "{}"}, names={"#t": "text"})
    with pytest.raises(ValueError, match="is not what was filed"):
        office.draft()


# Races


@pytest.mark.parametrize("race", range(RACES))
def test_of_two_publishers_at_once_one_publishes(office: Office, race: int):
    office.file()
    read_ = office.review()["hash"]
    outcomes = together(
        lambda: office.publish(PROVINCE, read=read_), lambda: office.publish(OTHER_PROVINCE, read=read_)
    )
    assert sorted(outcomes) == ["STEP_OUT_OF_TURN", "published"], race
    assert [step["what"] for step in office.draft()["history"]].count("published") == 1


@pytest.mark.parametrize("race", range(RACES))
def test_of_two_versions_published_at_once_the_later_one_ends_on_top(office: Office, race: int):
    for version in ("7", "8"):
        office.file(document(version))
        office.review(version=version)
    outcomes = together(lambda: office.publish(version="7"), lambda: office.publish(version="8"))
    assert outcomes[1] == "published"
    assert outcomes[0] in ("published", "VERSION_NOT_NEWER"), race
    expected = "superseded" if outcomes[0] == "published" else "approved"
    assert (office.draft("7")["status"], office.draft("8")["status"]) == (expected, "published")


@pytest.mark.parametrize("race", range(RACES))
def test_a_review_during_an_edit_is_of_the_document_that_was_read(office: Office, race: int):
    read_ = office.file()["hash"]
    other = document(name={"zh-CN": "关灯", "en": "Off"})
    reviewed, filed = together(lambda: office.review(read=read_), lambda: office.file(other))
    now = office.draft()
    if filed == "draft":  # the edit came first, or the review was of a draft that is gone
        assert (reviewed, now["status"], now["approvals"]) == ("VERSION_CHANGED", "draft", 0), race
        assert now["document"] == other
    else:
        assert (reviewed, filed, now["status"]) == ("approved", "VERSION_FIXED", "approved"), race
        assert now["document"] == document()


@pytest.mark.parametrize("race", range(RACES))
def test_a_refusal_and_a_publication_at_once_do_not_both_happen(office: Office, race: int):
    office.file()
    read_ = office.review()["hash"]
    outcomes = together(
        lambda: office.review("refuse", COLLEAGUE, read=read_), lambda: office.publish(read=read_)
    )
    assert outcomes in (["refused", "STEP_OUT_OF_TURN"], ["STEP_OUT_OF_TURN", "published"]), race
    assert office.draft()["status"] in outcomes


@pytest.mark.parametrize("race", range(RACES))
def test_two_authors_of_one_version_at_once_are_one(office: Office, race: int):
    outcomes = together(lambda: office.file(by=CITY), lambda: office.file(by=COLLEAGUE))
    assert sorted(outcomes) == ["VERSION_TAKEN", "draft"], race


def test_the_same_request_sent_many_times_at_once_is_one(office: Office):
    assert together(*[lambda: office.file(key="k")] * 8) == ["draft"] * 8
    assert len(office.draft()["history"]) == 1


# The journal


def events(office: Office) -> list[Any]:
    found, poison = read([("methodologies", item, NOW) for item in items(office)])
    assert not poison
    return found


def test_publication_and_withdrawal_each_tell_the_journal_and_nothing_else_does(office: Office):
    office.file()
    office.review()
    assert events(office) == []
    done = office.publish()
    (told,) = events(office)
    assert (told.id, told.type, told.subjects) == (
        done["entry_id"],
        "methodology",
        ("methodology:lights-off",),
    )
    assert told.body == {
        "subject": "methodology:lights-off",
        "name": "lights-off",
        "version": "7",
        "hash": done["hash"],
        "status": "published",
    }
    office.withdraw()
    (withdrawn,) = events(office)
    assert withdrawn.id == ids.key_id("methodology", "lights-off", "7", "withdrawn")
    assert (withdrawn.body["status"], withdrawn.body["reason"]) == ("withdrawn", "the factor was wrong")
    assert CITY.id not in str(withdrawn.body)


def test_a_superseded_version_tells_nothing_new(office: Office):
    office.bring("7")
    office.bring("8")
    assert [event.body["version"] for event in events(office)] == ["8"]


def test_an_item_without_its_history_is_set_aside(office: Office):
    office.bring()
    found = office.table.version("lights-off", "7")
    assert found
    broken = VERSIONS["M#"].item(found) | {"history": []}
    told, poison = read([("methodologies", broken, NOW)])
    assert (told, [one.key["methodology"] for one in poison]) == ([], ["M#lights-off"])
