"""POST /programmes/{programme_id}/memberships: take part in a programme."""

from puhui.activities import memberships
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("join-programme")
ACTIVITIES = Activities.from_environment()


@app.operation("join_programme", "POST", "/programmes/{programme_id}/memberships")
def join_programme(request: Request) -> Answer:
    joined = memberships.join(
        request.member_id,
        request.path["programme_id"],
        read_terms=request.query.get("terms_version"),
        memberships=ACTIVITIES.memberships,
        now=request.now,
    )
    return 201, joined.body()
