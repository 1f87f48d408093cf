"""Stream of the activities' table: data partners are told what became of their records after the answer."""

from datetime import datetime

from puhui.activities.recording_api import ACTIVITY
from puhui.edge.stream import Change, stream
from puhui.ingestion.telling import told_of
from puhui.partners.webhooks.api import Webhooks

WEBHOOKS = Webhooks.from_environment()


@stream("tell_partners")
def app(change: Change, _now: datetime) -> None:
    if change.kind == "MODIFY" and change.new and "partner" in change.new:
        event = told_of(ACTIVITY.read(change.new), change.at)
        if event:
            WEBHOOKS.add_once(event)
