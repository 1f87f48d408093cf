"""Points for members of tests, by a transfer like that of a credited act, straight into the deployment's ledger.

What a member may earn in a day is small, and nothing before the member's first day counts; a test of what points buy needs more.
The stream, the journal and the audits see the transfer as any other.
"""

from datetime import UTC, datetime
from typing import Any

from infra.local import emulator
from infra.local.settings import STACK
from puhui.activities.acts import credit
from puhui.activities.acts.model import PartnerRecord
from puhui.activities.recording import RecordActivity, record_activity
from puhui.activities.tables import Activities, Tables
from puhui.kernel import clock, ids
from puhui.kernel.errors import DomainError
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

        dynamodb = DynamoDB(call)
        self._ledger = Ledger(dynamodb, f"{STACK}-ledger")
        self._tables = Tables(Activities(dynamodb, f"{STACK}-activities"), self._ledger)

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

    def record(
        self,
        member_id: str,
        programme_id: str,
        behaviour: str,
        quantity: dict[str, Any],
        at: datetime,
        name: str,
    ) -> dict[str, Any]:
        """A partner's record of the member, put on record as what comes of a partner is; what the partner would be answered."""
        command = RecordActivity(
            member_id,
            programme_id,
            behaviour,
            at,
            quantity,
            (),
            None,
            f"{member_id} {behaviour} {quantity} {at}",
            source=PartnerRecord("bank", name),
        )
        try:
            act = record_activity(command, tables=self._tables, now=datetime.now(UTC))
        except DomainError as refused:
            return {"status": "refused", "code": refused.code}
        return {"status": "credited" if act.status == "credited" else "pending", "activity_id": act.id}
