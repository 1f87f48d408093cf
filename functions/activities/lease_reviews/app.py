"""POST /reviews/leases: a reviewer takes some of the acts that wait."""

from random import SystemRandom

from puhui.activities.evidence.bucket import EvidenceBucket
from puhui.activities.reviews import known, leasing, usecases
from puhui.activities.reviews.model import BATCH, LEASE, Reviewer
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel.errors import Forbidden
from puhui.programmes import api as programmes

app = HttpFunction("lease-reviews")
ACTIVITIES = Activities.from_environment()
STORE = EvidenceBucket.from_environment()
CHANCE = SystemRandom()


@app.operation("lease_reviews", "POST", "/reviews/leases")
def lease_reviews(request: Request) -> Answer:
    body = request.body
    reviewer = Reviewer(request.member_id, request.org, request.scope)
    wanted = leasing.Wanted(body.get("programme_id"), body.get("region"), body.get("cluster"))
    queues = leasing.queues(wanted, reviewer, programmes.jurisdiction_of)
    batch = body.get("batch", False)
    if batch and not request.org:
        raise Forbidden
    leased = leasing.lease_reviews(
        reviewer,
        queues,
        body["limit"],
        reviews=ACTIVITIES.reviews,
        now=request.now,
        chance=CHANCE,
        time=BATCH if batch else LEASE,
    )
    leased = known.with_known(leased, reviewer, reviews=ACTIVITIES.reviews, now=request.now, chance=CHANCE)
    return {"items": [usecases.review_body(review, STORE, request.now) for review in leased]}
