"""A record that fails holds up the later changes of its own item, and of no other."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from puhui.edge.stream import Change, stream

POISON = "poison"


def record(number: int, owner: str, text: str) -> dict[str, Any]:
    return {
        "eventName": "MODIFY",
        "dynamodb": {
            "SequenceNumber": str(number),
            "Keys": {"owner": {"S": owner}},
            "NewImage": {"owner": {"S": owner}, "text": {"S": text}},
        },
    }


@pytest.fixture
def handled() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def consumer(handled: list[tuple[str, str]]) -> Callable[..., Any]:
    @stream("test")
    def app(change: Change, _now: datetime) -> None:
        item = change.new or {}
        if item["text"] == POISON:
            raise ValueError(POISON)
        handled.append((item["owner"], item["text"]))

    return app


def failures(answer: dict[str, Any]) -> list[str]:
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_the_changes_of_others_do_not_wait_for_one_that_fails(consumer: Any, handled: list[Any]):
    records = [record(1, "a", "1"), record(2, "b", POISON), record(3, "c", "1"), record(4, "a", "2")]
    assert failures(consumer({"Records": records}, None)) == ["2"]
    assert handled == [("a", "1"), ("c", "1"), ("a", "2")]


def test_the_later_changes_of_the_same_item_do(consumer: Any, handled: list[Any]):
    records = [record(1, "a", POISON), record(2, "a", "2"), record(3, "b", "1"), record(4, "a", "3")]
    assert failures(consumer({"Records": records}, None)) == ["1", "2", "4"]
    assert handled == [("b", "1")]


def test_a_record_that_cannot_even_be_read_fails_alone(consumer: Any, handled: list[Any]):
    broken = {
        "eventName": "MODIFY",
        "dynamodb": {"SequenceNumber": "1", "Keys": {}, "NewImage": {"x": {"?": 1}}},
    }
    assert failures(consumer({"Records": [broken, record(2, "b", "1")]}, None)) == ["1"]
    assert handled == [("b", "1")]


class Context:
    """A function's time: so many records fit into it."""

    def __init__(self, records: int) -> None:
        self.left = records

    def get_remaining_time_in_millis(self) -> int:
        self.left -= 1
        return 60_000 if self.left >= 0 else 1_000


def test_a_batch_that_takes_too_long_goes_on_where_it_was(consumer: Any, handled: list[Any]):
    records = [record(number, "a", str(number)) for number in range(7)]
    for _ in range(3):
        answer = consumer({"Records": records}, Context(3))
        records = records[len(records) - len(failures(answer)) :]
    assert handled == [("a", str(number)) for number in range(7)]
    assert records == []


def test_a_batch_in_which_nothing_failed_is_over(consumer: Any):
    assert failures(consumer({"Records": [record(1, "a", "1")]}, None)) == []
