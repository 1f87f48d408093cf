"""Tracks in the activities' table.

| item  | owner (hash)             | entry (range)          | holds |
|-------|--------------------------|------------------------|-------|
| track | member:<id>              | T#<activity id>        | sealed: the points, for seven days; ends (TTL) |
| claim | track:<identity>         | claim                  | activity_id: the act that has this track, for ever |
| print | tracks:<bucket>          | <moment>#<identity>    | sketch; activity_id; ends (TTL): for half a year |

Identity, sketch and buckets are keyed hashes (``identity.py``): nothing but the sealed item says where anybody was.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from puhui.activities.tracks import identity
from puhui.activities.tracks.bands import likeness
from puhui.activities.tracks.errors import TrackUnclaimed
from puhui.activities.tracks.identity import Marks, Sketch
from puhui.activities.tracks.model import Track, track_of
from puhui.kernel import clock
from puhui.store.client import DynamoDB
from puhui.store.session import Session

if TYPE_CHECKING:
    from puhui.store.sealing import Sealer

POINTS_KEPT = timedelta(days=7)  # then DynamoDB deletes them, within two days; nobody reads them in between
REMEMBERED = timedelta(days=180)  # as photos: for so long a near copy is noticed; an exact one for ever
LOOKED_AT = 100  # the newest of a bucket: on one way few have the same pair of least cells


class Tracks:
    """The tracks of one table. ``sealer`` gives the keys when they are first needed."""

    def __init__(self, dynamodb: DynamoDB, table: str, sealer: "Callable[[], Sealer]") -> None:
        self.dynamodb = dynamodb
        self.table = table
        self._sealer = sealer

    @property
    def sealer(self) -> "Sealer":
        """What seals points."""
        return self._sealer()

    @cached_property
    def key(self) -> bytes:
        """The key of everything that is hashed."""
        return identity.key_of(self.sealer.pepper)

    def add(
        self,
        session: Session,
        track: Track,
        marks: Marks,
        *,
        member_id: str,
        activity_id: str,
        now: datetime,
    ) -> None:
        """Claim a track for an act, and keep its points for a while. The claim's condition raises TrackReused."""
        session.update(
            self.table,
            {"owner": f"track:{marks.identity}", "entry": "claim"},
            "SET activity_id = :a",
            {":a": activity_id},
            condition="attribute_not_exists(activity_id) OR activity_id = :a",
            error=TrackUnclaimed(),
        )
        points = json.dumps(track.body(), separators=(",", ":"))
        session.put(
            self.table,
            {
                "owner": f"member:{member_id}",
                "entry": f"T#{activity_id}",
                "sealed": self.sealer.seal(points, member_id, f"track:{activity_id}"),
                "ends": int((now + POINTS_KEPT).timestamp()),
            },
        )

    def points(self, member_id: str, activity_id: str, now: datetime) -> Track | None:
        """The track of an act while its points are kept."""
        item = self.dynamodb.get(self.table, {"owner": f"member:{member_id}", "entry": f"T#{activity_id}"})
        return self.opened(item, member_id, activity_id, now) if item else None

    def opened(
        self, item: Mapping[str, Any], member_id: str, activity_id: str, now: datetime
    ) -> Track | None:
        """The track of an item whose time is not over."""
        if item["ends"] <= now.timestamp():
            return None
        return track_of(json.loads(self.sealer.open(item["sealed"], member_id, f"track:{activity_id}")))

    def like(self, marks: Marks, activity_id: str, now: datetime) -> bool:
        """Remember a track, and say whether one that is like it was there before: one write request of an item a bucket, a query each.
        Of two that come at one moment each finds the other, since each is written before it is looked for."""
        self.dynamodb.put_all(self.table, [printed(marks, each, activity_id, now) for each in marks.buckets])
        seen = {marks.identity}
        for bucket in marks.buckets:
            items, _ = self.dynamodb.query(
                self.table,
                "#owner = :o AND entry >= :since",
                {":o": f"tracks:{bucket}", ":since": clock.to_text(now - REMEMBERED)},
                names={"#owner": "owner"},
                limit=LOOKED_AT,
                forward=False,
            )
            for item in items:
                if (other := item["entry"].rpartition("#")[2]) not in seen:
                    seen.add(other)
                    if identity.alike(marks.sketch, Sketch.unpacked(item["sketch"]), likeness()):
                        return True
        return False

    def forget(self, identity_of: str, buckets: Iterable[str]) -> None:
        """Remove the prints of a track. Its claim stays, and names nobody: the track counts once for ever."""
        for bucket in buckets:
            owner = ("owner", f"tracks:{bucket}")
            mine = [
                {"owner": owner[1], "entry": item["entry"]}
                for item in self.dynamodb.all_entries(self.table, owner, "20")  # of this century
                if item["entry"].endswith(f"#{identity_of}")
            ]
            self.dynamodb.delete_all(self.table, mine)


def printed(marks: Marks, bucket: str, activity_id: str, now: datetime) -> dict[str, Any]:
    """The print of a track in one bucket."""
    return {
        "owner": f"tracks:{bucket}",
        "entry": f"{clock.to_text(now)}#{marks.identity}",
        "sketch": marks.sketch.packed(),
        "activity_id": activity_id,
        "ends": int((now + REMEMBERED).timestamp()),
    }
