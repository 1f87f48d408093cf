"""Each minute, and when there is something new: messages to data partners whose attempt has come are sent."""

import time
from datetime import datetime
from functools import cache, partial

from puhui.edge import log
from puhui.edge.task import Input, task
from puhui.kernel import clock
from puhui.partners import api
from puhui.partners.webhooks import usecases
from puhui.partners.webhooks.repository import Webhooks
from puhui.partners.webhooks.wiring import sealer

WEBHOOKS = Webhooks.from_environment()
SECONDS_MAX = 45  # of the 60 that the function has; one attempt takes 11 at most
connect = cache(api.connect)


def _send(partner_id: str, event_id: str) -> str:
    done = usecases.send_event(
        partner_id, event_id, webhooks=WEBHOOKS, sealer=sealer(), send=connect(), now=clock.now()
    )
    if done == usecases.DISABLED_NOW:
        log.line(level="ERROR", webhook="disabled", partner=partner_id)
    return done


@task("send_webhooks")
def app(_event: Input, now: datetime) -> Input:
    sending = partial(usecases.send_due, now, _send, webhooks=WEBHOOKS)
    return dict(sending(clock_seconds=time.monotonic, seconds_max=SECONDS_MAX))
