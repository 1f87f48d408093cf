"""What an act costs that matures, is collected, shared or lapses: requests and write units, counted from what is sent."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from puhui.activities.claims import collecting, shares
from puhui.activities.tables import Activities, Tables
from puhui.ledger.dynamo import Ledger
from puhui.store.client import DynamoDB
from tests.architecture.test_budget_of_a_credited_act import WRITE_UNIT_BYTES, Meter, _after, size
from tests.contracts.activities.conftest import NOW, Acts

FRIEND = "F" * 26


class Costs:
    """Measures one call after another."""

    def __init__(self, make_table: Callable[[str], str]) -> None:
        self.meter = Meter()
        dynamodb = DynamoDB(self.meter)
        self.tables = Tables(
            Activities(dynamodb, make_table("activities")), Ledger(dynamodb, make_table("ledger"))
        )
        self.acts = Acts(self.tables, None, "01K7Y31GE3B86GS16G906QKJG4", "ant-forest")  # type: ignore[arg-type]

    def of(self, call: Callable[[], object]) -> tuple[int, int]:
        """(reads, write units) of a call; a transaction costs two units for every KB of each item."""
        self.meter.sent.clear()
        call()
        operations = [operation for operation, _ in self.meter.sent]
        assert operations.count("TransactWriteItems") == 1
        actions = self.meter.sent[-1][1]["TransactItems"]
        sizes = [size(_after(self.tables, next(iter(action.values())))) for action in actions]
        return len(operations) - 1, sum(2 * -(-each // WRITE_UNIT_BYTES) for each in sizes)


@pytest.fixture
def costs(make_table: Callable[[str], str], members_are_believed: None) -> Costs:
    return Costs(make_table)


def test_what_an_act_that_is_collected_costs(costs: Costs):
    made, ripe = [], NOW + timedelta(days=1)
    assert costs.of(lambda: made.append(costs.acts.record())) == (1, 8)
    (activity,) = made
    owner = activity.member_id
    assert costs.of(
        lambda: shares.collect_share(FRIEND, owner, activity.id, tables=costs.tables, now=ripe)
    ) == (2, 16)
    assert costs.of(lambda: collecting.collect(owner, activity.id, tables=costs.tables, now=ripe)) == (2, 8)


def test_what_an_act_that_lapses_costs(costs: Costs):
    activity = costs.acts.record()
    late = NOW + timedelta(days=4)
    lapse = costs.of(
        lambda: collecting.expire(activity.member_id, activity.id, tables=costs.tables, now=late)
    )
    assert lapse == (2, 6)
