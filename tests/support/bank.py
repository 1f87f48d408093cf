"""Points for members of tests, by a transfer like that of a credited act, straight into the deployment's ledger.

What a member may earn in a day is small, and nothing before the member's first day counts; a test of what points buy needs more.
The stream, the journal and the audits see the transfer as any other.
"""

from datetime import UTC, datetime
from typing import Any

from infra.local import emulator
from infra.local.settings import STACK
from puhui.activities.acts import credit
from puhui.kernel import clock, ids
from puhui.ledger.api import Ledger, member
from puhui.programmes import api as programmes
from puhui.store.aws import Service
from puhui.store.client import DynamoDB
from tests.support.ledger import post_transfer


class Bank:
    """The ledger of a local cloud, in the administrator's hands. ``endpoint`` is its emulator's."""

    def __init__(self, endpoint: str) -> None:
        client = emulator.client(endpoint, "dynamodb")

        def call(service: Service | str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
            answer: dict[str, Any] = client._make_api_call(operation, request)
            return answer

        self._ledger = Ledger(DynamoDB(call), f"{STACK}-ledger")

    def give(self, member_id: str, programme_id: str, points: int) -> None:
        """So many points more, with the credits behind them in the programme's pool."""
        programme, now = programmes.programme(programme_id), datetime.now(UTC)
        assert programme.points is not None
        owner, day, gift = member(member_id), clock.programme_day(now), ids.new_id(now)
        transfer, _ = credit.crediting(
            programme,
            member_id,
            points * programme.points.mg_per_point,
            day,
            self._ledger.balance(owner, programme_id),
            ids.derived_id(now, gift, "credit"),
            gift,
            now,
        )
        post_transfer(transfer, ledger=self._ledger, now=now)
