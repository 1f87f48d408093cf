"""How other contexts record acts. Apart from ``api.py``, whose readers start without what quantifies an act."""

from puhui.activities.acts.model import CREDITED, EXPIRED, REFUSED, REVERSED, Activity, PartnerRecord
from puhui.activities.acts.repository import ACTIVITY
from puhui.activities.recording import RecordActivity, record_activity
from puhui.activities.tables import Tables

__all__ = [
    "ACTIVITY",
    "CREDITED",
    "EXPIRED",
    "REFUSED",
    "REVERSED",
    "Activity",
    "PartnerRecord",
    "RecordActivity",
    "Tables",
    "record_activity",
]
