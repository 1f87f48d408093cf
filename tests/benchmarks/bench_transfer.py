"""A transfer against the bare DynamoDB calls it makes, and whether the 2,000th on one account is as quick as the first."""

import json
import statistics
from typing import Any

import boto3
import pytest

from puhui.kernel import clock, ids
from puhui.ledger.api import Ledger, Leg, Transfer, member, of, points
from puhui.store import aws
from puhui.store.client import DynamoDB
from puhui.store.session import Session, attempt
from tests.benchmarks.bench_act import _cpu, _table, tables_server
from tests.contracts.activities.conftest import NOW

TRANSFERS = 2000
PTS = points("carbon-88")


def run() -> dict[str, Any]:
    """Figures by name."""
    with pytest.MonkeyPatch.context() as patch, tables_server(patch):
        sent: list[tuple[str, dict[str, Any]]] = []

        def recorded(service: str, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
            sent.append((operation, payload))
            return aws.call(service, operation, payload)

        ledger = Ledger(DynamoDB(recorded), _table("ledger"))
        bare = boto3.client("dynamodb")
        methods = {"GetItem": bare.get_item, "TransactWriteItems": bare.transact_write_items}
        ours, theirs = [], []
        for _ in range(TRANSFERS):
            legs = (Leg("issuance:carbon-88", PTS, -1), Leg(member("M1"), PTS, 1, "2028-11"))
            transfer = Transfer(ids.new_id(NOW), "credit", NOW, legs)
            sent.clear()
            ours.append(_cpu(lambda t=transfer: post(ledger, t)))
            calls = [(methods[operation], _of_another(payload)) for operation, payload in sent]
            theirs.append(_cpu(lambda calls=calls: [call(**payload) for call, payload in calls]))
    warm, base = statistics.median(ours), statistics.median(theirs)
    first, last = statistics.median(ours[20:220]), statistics.median(ours[-200:])
    return {
        "transfer, CPU us (median)": round(warm * 1e6),
        "the same calls by bare botocore, CPU us (median)": round(base * 1e6),
        "transfer / bare botocore (budget 1.25)": round(warm / base, 2),
        f"the last 200 of {TRANSFERS} on one account / the first (flat: 1)": round(last / first, 2),
    }


def post(ledger: Ledger, transfer: Transfer) -> None:
    """As contexts do it: read the balance, plan, one transaction."""

    def build(session: Session) -> None:
        balance = ledger.balance(transfer.owners[0], "carbon-88")
        ledger.add(session, [transfer], of([balance]), clock.programme_day(NOW))

    attempt(ledger.dynamodb, build)


def _of_another(payload: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(payload).replace("member:M1", "member:M2"))
    changed.pop("ClientRequestToken", None)
    return changed
