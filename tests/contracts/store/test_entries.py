"""The items of one owner whose entry begins alike, page by page."""

from collections.abc import Callable

import pytest

from puhui.store.client import DynamoDB

ME = ("owner", "member:m")


@pytest.fixture
def table(make_table: Callable[[str], str]) -> str:
    name = make_table("rewards")
    entries = [*(f"K#{n}" for n in range(7)), "J#9", "L#0", "K"]
    items = [{"owner": owner, "entry": entry} for owner in ("member:m", "member:n") for entry in entries]
    DynamoDB().put_all(name, items)
    return name


@pytest.mark.parametrize(("forward", "pages"), [(True, ["012", "345", "6"]), (False, ["654", "321", "0"])])
def test_pages_hold_the_owners_entries_of_that_prefix_and_go_on_after_the_last(
    table: str, forward: bool, pages: list[str]
):
    after, seen = None, []
    while True:
        items, after = DynamoDB().entries(table, ME, "K#", limit=3, after=after, forward=forward)
        seen.append("".join(item["entry"][2:] for item in items))
        assert {item["owner"] for item in items} == {"member:m"}
        assert after in (seen[-1][-1], None)
        if after is None:
            break
    assert seen == pages


def test_all_of_them_come_in_order_however_many_pages_it_takes(table: str, monkeypatch: pytest.MonkeyPatch):
    client = DynamoDB()
    query, asked = client.query, 0

    def two_at_a_time(*arguments: object, **options: object) -> object:
        nonlocal asked
        asked += 1
        return query(*arguments, **{**options, "limit": 2})  # type: ignore[arg-type]

    monkeypatch.setattr(client, "query", two_at_a_time)
    assert [item["entry"] for item in client.all_entries(table, ME, "K#")] == [f"K#{n}" for n in range(7)]
    assert asked == 4
    assert list(client.all_entries(table, ME, "X#")) == []
