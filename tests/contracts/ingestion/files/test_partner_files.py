"""A partner's file on a real table and bucket: each row ends once, whatever is tried again, and the report adds up."""

import json
import random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from puhui.ingestion.files import lines, model, usecases
from puhui.ingestion.files.errors import PartnerFileNotFound
from puhui.ingestion.files.model import CSV
from puhui.ingestion.files.showing import body
from tests.contracts.ingestion.files.conftest import METRO, Desk

HEADER = "puhui-records,1\nitem_no,member_ref,programme_id,behaviour,occurred_at,quantity.trips\n"


def row(n: int, **changed: Any) -> dict[str, Any]:
    return {
        "item_no": f"r{n}",
        "member_ref": "alias",
        "programme_id": "guangdong-tanpuhui",
        "behaviour": "subway_trip",
        "quantity": {"trips": 1},
        "occurred_at": "2026-11-30T08:00:00+08:00",
    } | changed


def content_of(*rows: dict[str, Any] | str) -> bytes:
    return "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in rows).encode()


def told(desk: Desk, file: model.PartnerFile) -> list[dict[str, Any]]:
    return [json.loads(line) for line in desk.result(file).splitlines()]


def test_a_file_is_taken_and_answered_row_by_row(desk: Desk):
    rows = [
        row(1),
        "{",
        row(2, behaviour="flying"),
        row(3, member_ref="?"),
        row(1),
        row(4, quantity={"trips": 3}),
    ]
    content = content_of(*rows)
    file = desk.prepare(content)
    shown = body(file, desk.bucket, desk.now)
    assert shown["status"] == "awaiting_upload"
    assert set(shown["upload"]) == {"url", "fields"}
    assert desk.look(file) == {"upload": "waiting", "seconds": 2}
    desk.upload(file, content)
    done = desk.run(file)
    shown = body(done, desk.bucket, desk.now)
    assert shown["status"] == "done"
    assert shown["totals"] == {
        "rows": 6,
        "credited": 2,
        "refused": 2,
        "duplicate": 1,
        "waiting": 1,
        "behaviours": [
            {"behaviour": "flying", "rows": {"refused": 1}, "quantity": {"trips": 1}},
            {
                "behaviour": "subway_trip",
                "rows": {"credited": 2, "waiting": 1, "duplicate": 1},
                "quantity": {"trips": 6},
            },
        ],
    }
    found = told(desk, done)
    assert [each["row"] for each in found] == [1, 2, 3, 4, 5, 6]
    ends = ["credited", "refused", "refused", "unbound", "duplicate", "credited"]
    assert [each["status"] for each in found] == ends
    assert [each.get("code") for each in found] == [
        None,
        "ROW_UNREADABLE",
        "BEHAVIOUR_UNKNOWN",
        None,
        None,
        None,
    ]
    assert "upload" not in shown


def test_a_csv_is_answered_by_a_csv(desk: Desk):
    line = "{},alias,guangdong-tanpuhui,subway_trip,2026-11-30T08:00:00+08:00,1\r\n"
    content = (HEADER + "".join(line.format(item) for item in ("a", "=cmd()", "b"))).encode()
    file = desk.prepare(content, CSV)
    desk.upload(file, content)
    desk.run(file)
    found = desk.result(file).decode().splitlines()
    assert found[0] == "row,item_no,status,code,activity_id"
    assert [each.split(",")[:3] for each in found[1:]] == [
        ["1", "a", "credited"],
        ["2", "'=cmd()", "credited"],
        ["3", "b", "credited"],
    ]


def test_the_same_announcement_is_the_same_file_and_another_one_is_not(desk: Desk):
    content = content_of(row(1))
    file = desk.prepare(content)
    assert desk.prepare(content, file="another name") == file
    assert desk.prepare(content, rows=2).id != file.id
    desk.upload(file, content)
    done = desk.run(file)
    result = desk.result(file)
    desk.later(days=1)
    assert desk.prepare(content) == done
    assert desk.run(file) == done
    assert desk.result(file) == result
    assert len(desk.book.taken) == 1


@pytest.mark.parametrize("seed", range(3))
def test_chunks_that_die_anywhere_end_as_if_they_had_not(desk: Desk, seed: int):
    """Each attempt dies after some records, twice at once or in any order; the result is that of one undisturbed run."""
    chance = random.Random(seed)
    rows = [row(chance.randrange(300), member_ref=chance.choice("?abc")) for _ in range(350)]
    content = content_of(*rows)
    file = desk.prepare(content)
    desk.upload(file, content)
    desk.look(file)
    chunks = desk.cut(file)
    assert desk.cut(file) == chunks
    assert len(chunks) == 4
    waiting = [*chunks, *chunks]
    chance.shuffle(waiting)
    while waiting:
        chunk = waiting.pop()
        desk.book.dies_after = chance.choice([None, chance.randrange(101)])
        try:
            desk.take(file, chunk)
        except RuntimeError:
            waiting.insert(0, chunk)
    done = desk.close(file)
    assert done.totals
    found = told(desk, file)
    distinct = {each["item_no"] for each in rows}
    firsts = [each for each in found if each["status"] != "duplicate"]
    assert len(firsts) == len(distinct) == len(desk.book.taken)
    assert {each["item_no"] for each in firsts} == distinct
    assert done.totals.duplicate == 350 - len(distinct)
    assert done.totals.credited + done.totals.waiting == len(distinct)
    assert desk.run(file) == done


def test_chunks_that_are_missing_stop_the_file_until_it_is_announced_again(desk: Desk):
    content = content_of(*(row(n) for n in range(250)))
    file = desk.prepare(content)
    desk.upload(file, content)
    desk.look(file)
    chunks = desk.cut(file)
    desk.take(file, chunks[1])
    stopped = desk.close(file)
    shown = body(stopped, desk.bucket, desk.now)
    assert (shown["status"], shown["code"], shown["found"]) == ("stopped", "FILE_CHUNKS_FAILED", 2)
    assert shown["reason"]["en"] != "Reason: file chunks failed."
    assert not desk.bucket.holds(file.result_key)
    begun = desk.prepare(content)
    assert begun.execution == f"{file.id}-2"
    done = desk.run(begun)
    assert done.totals == model.Totals(
        250, credited=250, behaviours={"subway_trip": model.Sums({"credited": 250}, {"trips": 250})}
    )


@pytest.mark.parametrize(
    ("content", "changed", "code", "found"),
    [
        (content_of(row(1)), {"rows": 2}, lines.FILE_ROWS_DIFFER, 1),
        (content_of(row(1)), {"sha256": "0" * 64}, lines.FILE_SHA256_DIFFERS, None),
        (content_of(row(1)), {"size": 5}, lines.FILE_SIZE_DIFFERS, len(content_of(row(1)))),
        (b"item_no\n1\n2\n", {"format": CSV}, lines.FILE_HEADER_UNKNOWN, None),
    ],
)
def test_other_bytes_than_were_announced_are_refused(
    desk: Desk, content: bytes, changed: dict[str, Any], code: str, found: int | None
):
    changed = dict(changed)
    file = desk.prepare(content, changed.pop("format", "jsonl"), **changed)
    desk.upload(file, content)
    refused = desk.run(file)
    assert (refused.status, refused.code, refused.found) == ("refused", code, found)
    assert desk.prepare(content, file.format, **changed) == refused
    assert desk.book.taken == {}


def test_an_upload_that_never_comes_ends_and_may_come_after_all(desk: Desk):
    content = content_of(row(1))
    file = desk.prepare(content)
    desk.later(minutes=64)
    assert desk.look(file)["upload"] == "waiting"
    desk.later(minutes=2)
    assert desk.look(file) == {"upload": "over"}
    expired = usecases.find(METRO, file.id, desk.files)
    assert (expired.status, expired.code) == ("expired", "FILE_NOT_UPLOADED")
    begun = desk.prepare(content)
    desk.upload(begun, content)
    assert desk.run(begun).status == "done"


def test_a_file_that_is_changed_after_it_was_checked_is_not_taken(desk: Desk):
    content = content_of(row(1))
    file = desk.prepare(content)
    desk.upload(file, content)
    desk.look(file)
    (chunk,) = desk.cut(file)
    desk.upload(file, content_of(row(2)))
    with pytest.raises(ClientError):
        desk.take(file, chunk)
    assert desk.book.taken == {}


def test_another_partners_file_is_not_there(desk: Desk):
    file = desk.prepare(content_of(row(1)))
    with pytest.raises(PartnerFileNotFound):
        usecases.find("bus", file.id, desk.files)


def test_a_step_that_comes_late_changes_nothing(desk: Desk):
    content = content_of(row(1))
    file = desk.prepare(content)
    desk.upload(file, content)
    done = desk.run(file)
    assert desk.look(file) == {"upload": "over"}
    assert desk.cut(file) == []
    assert usecases.stop_file(file.id, files=desk.files, now=desk.now) == done
    assert usecases.find(METRO, file.id, desk.files) == done
