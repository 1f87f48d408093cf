"""Short lists come in pages like the long ones."""

import pytest

from puhui.kernel.pages import Page, every
from puhui.store.cursors import CursorInvalid, Cursors, page_at_hand

KEY = Cursors(b"key")
LETTERS = list("abcdefg")


def page(items: list[str], limit: int, cursor: str | None = None, scope: str = "letters") -> Page[str]:
    query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
    return page_at_hand(items, str, scope, query, lambda: KEY)


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 100])
def test_the_pages_of_a_list_at_hand_are_the_list(limit: int) -> None:
    seen, cursor = [], None
    while True:
        got = page(LETTERS, limit, cursor)
        seen += got.items
        cursor = got.cursor
        if cursor is None:
            break
    assert seen == LETTERS


def test_a_page_goes_on_where_it_was_although_the_list_has_changed() -> None:
    cursor = page(LETTERS, 3).cursor

    assert page(["0", *LETTERS], 2, cursor).items == ["d", "e"]
    assert page([each for each in LETTERS if each != "c"], 2, cursor).items == ["e", "f"]


def test_a_cursor_belongs_to_its_list() -> None:
    with pytest.raises(CursorInvalid):
        page(LETTERS, 3, page(LETTERS, 3).cursor, scope="others")


def test_a_list_that_fits_needs_no_key() -> None:
    def no_key() -> Cursors:
        raise AssertionError

    assert page_at_hand(LETTERS, str, "letters", {"limit": 7}, no_key).items == LETTERS


def test_a_page_shows_what_was_asked_for_and_goes_on_all_the_same() -> None:
    listed = Page(["a", "b"], "next")

    def shown(letter: str) -> dict[str, str]:
        return {"id": letter, "status": letter}

    assert listed.body(shown, status="b", programme_id=None) == {
        "items": [{"id": "b", "status": "b"}],
        "next_cursor": "next",
    }


def test_every_item_of_every_page():
    pages = {None: ([1, 2], "b"), "b": ([], "c"), "c": ([3], None)}
    assert list(every(lambda start: pages[start])) == [1, 2, 3]
