"""PUT /me/expiry-choices/{programme_id}: unspent points expire, or are given to a donation before they do."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.points import usecases
from puhui.points.dynamo import Points
from puhui.rewards.api import Rewards

app = HttpFunction("put-expiry-choice")
POINTS, REWARDS = Points.from_environment(), Rewards.from_environment()


@app.operation("put_expiry_choice", "PUT", "/me/expiry-choices/{programme_id}")
def put_expiry_choice(request: Request) -> Answer:
    chosen = usecases.choose(
        request.member_id,
        request.path["programme_id"],
        request.body["choice"],
        request.body.get("reward_id"),
        points=POINTS,
        rewards=REWARDS,
        now=request.now,
    )
    return chosen.shown()
