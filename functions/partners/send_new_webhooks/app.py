"""Follows the partners' table: a message that is new or replayed is sent at once; what fails is tried again by ``send_webhooks``."""

from datetime import datetime
from functools import cache

from puhui.edge.stream import Change, stream
from puhui.partners import api
from puhui.partners.webhooks import usecases
from puhui.partners.webhooks.repository import EVENT, Webhooks
from puhui.partners.webhooks.wiring import sealer

WEBHOOKS = Webhooks.from_environment()
connect = cache(api.connect)


@stream("send_new_webhooks")
def app(change: Change, now: datetime) -> None:
    if not change.new:
        return
    event = EVENT.read(change.new)
    if event.next_at is None or event.next_at > now:
        return  # an attempt is under way, or its time has not come
    usecases.send_event(
        event.partner_id, event.id, webhooks=WEBHOOKS, sealer=sealer(), send=connect(), now=now
    )
