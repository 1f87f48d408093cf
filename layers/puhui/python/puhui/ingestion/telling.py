"""What a data partner is told of its records' acts: what came after the answer. What was credited or refused in the answer itself
is in that, and is not told twice."""

from datetime import datetime

from puhui.activities import recording_api as activities
from puhui.activities.recording_api import Activity
from puhui.kernel import clock, ids
from puhui.partners.webhooks import api as webhooks
from puhui.partners.webhooks.api import Event

_REFUSED = (activities.REFUSED, activities.EXPIRED)


def told_of(act: Activity, changed_at: datetime) -> Event | None:
    """What its partner is told of an act that has changed. The same change has the same message, however often it is seen."""
    if not act.partner_id:
        return None
    data = {"activity_id": act.id, "source": act.brought_by, "code": act.reason_code}
    if act.status == activities.REVERSED:
        at = clock.from_text(act.reversal["at"]) if act.reversal else changed_at
        return webhooks.new_event(act.partner_id, webhooks.ACT_REVERSED, data, at)
    if act.status in _REFUSED:
        return webhooks.new_event(act.partner_id, webhooks.ACT_REFUSED, data, changed_at)
    if act.status == activities.CREDITED and act.first_status != activities.CREDITED and act.entry_id:
        return webhooks.new_event(act.partner_id, webhooks.ACT_CREDITED, data, ids.time_of(act.entry_id))
    return None
