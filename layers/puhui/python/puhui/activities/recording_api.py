"""How other contexts record acts. Apart from ``api.py``, whose readers start without what quantifies an act."""

from puhui.activities.acts.model import Activity, PartnerRecord
from puhui.activities.recording import RecordActivity, record_activity
from puhui.activities.tables import Tables

__all__ = ["Activity", "PartnerRecord", "RecordActivity", "Tables", "record_activity"]
