"""What a friend collected of an act, as a pure value."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Share:
    """What ``friend_id`` collected of an act: points, which ``transfer_id`` brought. ``mg`` is what they are worth."""

    activity_id: str
    owner_id: str
    programme_id: str
    behaviour: str
    mg: int
    points: int
    transfer_id: str
    at: datetime
    friend_id: str = ""


@dataclass(frozen=True)
class ShareDay:
    """How much a member collected of friends' acts in a programme on one day, as read."""

    member_id: str
    programme_id: str
    day: date
    mg: int = 0
    version: int = 0
