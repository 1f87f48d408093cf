"""POST /tracks: read a GPX file into a track that can be recorded."""

from puhui.activities.tracks import gpx
from puhui.activities.tracks.trips import length_of
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.members import api as members

app = HttpFunction("import-track")
MEMBERS = members.Members.from_environment()


@app.operation("import_track", "POST", "/tracks")
def import_track(request: Request) -> Answer:
    members.require_consent(request.member_id, "whereabouts", request.now, members=MEMBERS)
    track, began_at = gpx.read(request.body["gpx"])
    return {
        "occurred_at": clock.to_text(began_at),
        "ended_at": clock.to_text(track.ended_at(began_at)),
        "distance_m": length_of(track),
        "track": track.body(),
    }
