"""What operators and merchants read of a settlement, page by page, and take away as files."""

import csv
import io
import urllib.request
import uuid
from typing import Any

import boto3
import pytest

from puhui.kernel import clock
from puhui.kernel.errors import Unavailable
from puhui.settlement.disputes import usecases as disputes
from puhui.settlement.disputes.model import ProposedAdjustment, Resolution
from puhui.settlement.errors import FileTooLarge, SettlementNotComputed, StatementNotFound
from puhui.settlement.settlements import views as settlement_views
from puhui.settlement.statements import download, views
from puhui.settlement.statements.files import StatementFiles
from puhui.store.cursors import CursorInvalid, Cursors
from tests.contracts.settlement.world import NOW, P, World, context

CURSORS = Cursors(b"k" * 32)


def tea(world: World, payables: int, shop: str = "shop-a") -> None:
    world.sponsor("bank-1", 10**7)
    world.reward("tea", shop, "bank-1", fen=300, pieces=payables)
    for _ in range(payables):
        world.payable(shop, "tea", "bank-1", 300)


def download_file(world: World, settlement_id: str, language: str = "en", bucket: Any = None) -> Any:
    return download.download(
        settlement_id,
        "shop-a",
        language,
        repositories=world.repositories,
        rewards=world.rewards,
        files=bucket,
        now=NOW,
    )


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_an_operator_reads_every_merchants_sum_page_by_page(world: World):
    for number in range(5):
        world.reward(f"tea-{number}", f"shop-{number}")
        world.payable(f"shop-{number}", f"tea-{number}", "bank-1", number)
    done = world.settled()
    seen: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = settlement_views.get_settlement(
            done.id, 2, cursor, repositories=world.repositories, cursors=CURSORS
        )
        assert page["hash"] == done.hash
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [(each["merchant_id"], each["total_fen"]) for each in seen] == [(f"shop-{n}", n) for n in range(5)]
    with pytest.raises(CursorInvalid):
        settlement_views.get_settlement("other", 2, "x", repositories=world.repositories, cursors=CURSORS)


def test_settlements_are_listed_newest_first(world: World):
    opened = [world.open(f"k{number}").id for number in range(3)]
    seen = []
    cursor = None
    for _ in range(3):
        page = settlement_views.list_settlements(
            P, 1, cursor, repositories=world.repositories, cursors=CURSORS
        )
        seen += [each.id for each in page.items]
        cursor = page.cursor
    assert sorted(seen) == sorted(opened)


def test_a_merchant_sees_its_statements_once_they_are_computed(world: World):
    tea(world, 2)
    opened = world.open()

    def listed() -> list[tuple[str, int]]:
        page = views.list_of_merchant("shop-a", 10, None, repositories=world.repositories, cursors=CURSORS)
        return [(each["status"], each["total_fen"]) for each in page["items"]]

    assert listed() == []
    with pytest.raises(SettlementNotComputed):
        views.get_statement(opened.id, "shop-a", repositories=world.repositories)
    done = world.compute(opened.id)
    assert listed() == [("computed", 600)]
    world.approve(done, "first")
    world.approve(done, "second")
    assert listed() == [("approved", 600)]
    world.post(done.id)
    assert listed() == [("posted", 600)]
    world.pay(done, "shop-a", 600)
    assert listed() == [("paid", 600)]
    told = views.get_statement(done.id, "shop-a", repositories=world.repositories)
    assert told["lines"] == [
        {
            "reward_id": "tea",
            "title": {"zh-CN": "奖品 tea", "en": "Reward tea"},
            "pieces": 2,
            "fen_each": 300,
            "fen": 600,
            "budget_id": "bank-1",
        }
    ]
    assert told["payment"]["reference"] == "wire 2"
    with pytest.raises(StatementNotFound):
        views.get_statement(done.id, "shop-b", repositories=world.repositories)


def test_the_records_add_up_to_the_statement_adjustments_too(world: World):
    tea(world, 3)
    world.payable("shop-a", "tea", "bank-1", 300, pieces=4)
    done = world.settled()
    opened = disputes.open_dispute(
        done.id, "shop-a", "one less", None, context("owner"), repositories=world.repositories
    )
    disputes.resolve(
        done.id,
        opened.id,
        Resolution("uphold", (ProposedAdjustment(-50, "=less", budget_id="bank-1"),), "seen"),
        context("judge"),
        repositories=world.repositories,
        staff=world.alliance,
    )
    rows = read(download_file(world, done.id))
    assert len(rows) == 5
    total = views.get_statement(done.id, "shop-a", repositories=world.repositories)["total_fen"]
    assert sum(int(row["fen"]) for row in rows) == total == 7 * 300 - 50
    assert rows[-1]["reward"] == "'=less"
    first = next(row for row in rows if row["coupon_id"])
    assert (first["reward"], first["pieces"], first["fen_each"]) == ("Reward tea", "1", "300")
    assert first["coupon_id"].startswith(first["redemption_id"])
    assert clock.from_text(first["verified_at"]) < done.until
    assert read(download_file(world, done.id, "zh-CN"))[0]["reward"] == "奖品 tea"


def test_records_that_the_index_does_not_show_yet_make_no_file(world: World, monkeypatch: pytest.MonkeyPatch):
    tea(world, 3)
    done = world.settled()
    claimed = world.rewards.payables.claimed
    monkeypatch.setattr(
        world.rewards.payables, "claimed", lambda *given: (claimed(*given)[0][:-1], claimed(*given)[1])
    )
    with pytest.raises(Unavailable):
        download_file(world, done.id)


def test_many_records_become_a_file_that_a_link_reads(world: World, monkeypatch: pytest.MonkeyPatch):
    tea(world, 40)
    done = world.settled()
    expected = download_file(world, done.id)
    name = f"statements-{uuid.uuid4().hex[:8]}"
    boto3.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "cn-north-1"}
    )
    monkeypatch.setattr(download, "ROWS_IN_ANSWER_MAX", 39)
    link = download_file(world, done.id, bucket=StatementFiles(name))
    assert set(link) == {"url", "expires_at"}
    with urllib.request.urlopen(link["url"]) as answer:
        assert answer.read().decode() == expected
    monkeypatch.setattr(download, "ROWS_MAX", 39)
    with pytest.raises(FileTooLarge):
        download_file(world, done.id, bucket=StatementFiles(name))


def test_a_file_is_written_in_parts_and_nothing_is_left_of_one_that_failed(dynamodb_endpoint: str):
    name = f"statements-{uuid.uuid4().hex[:8]}"
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "cn-north-1"})
    bucket = StatementFiles(name)
    lines = [f"{number:07},{'x' * 90}\r\n" for number in range(120_000)]  # 12 MB: three parts
    bucket.write_lines("statements/s/m/0-en.csv", lines)
    stored = s3.get_object(Bucket=name, Key="statements/s/m/0-en.csv")
    with stored["Body"] as body:
        assert body.read() == "".join(lines).encode()

    def dying() -> Any:
        yield from lines[:70_000]
        raise RuntimeError("died")

    with pytest.raises(RuntimeError):
        bucket.write_lines("statements/s/m/1-en.csv", dying())
    assert not bucket.holds("statements/s/m/1-en.csv")
    assert s3.list_multipart_uploads(Bucket=name).get("Uploads", []) == []
