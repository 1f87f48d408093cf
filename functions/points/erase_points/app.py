"""Erasure of a member: points end, choices and donations are forgotten."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.ledger.api import Ledger
from puhui.points.dynamo import Points
from puhui.points.erasing import erase_member

POINTS, LEDGER = Points.from_environment(), Ledger.from_environment()


@task("erase_points")
def app(event: Input, now: datetime) -> Input:
    return dict(erase_member(event["member_id"], now, points=POINTS, ledger=LEDGER))
