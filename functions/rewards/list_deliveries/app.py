"""GET /rewards/{reward_id}/deliveries: what the programme has to send or to confirm, and where to."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards.redemptions.delivering import list_to_send
from puhui.rewards.repositories import Rewards
from puhui.rewards.wiring import sealer
from puhui.store import wiring

app = HttpFunction("list-deliveries")
REWARDS = Rewards.from_environment()
CURSORS, SEALER = cache(wiring.cursors), cache(sealer)


@app.operation("list_deliveries", "GET", "/rewards/{reward_id}/deliveries")
def list_deliveries(request: Request) -> Answer:
    page = list_to_send(
        request.path["reward_id"],
        request.query["limit"],
        request.query.get("cursor"),
        rewards=REWARDS,
        cursors=CURSORS(),
        sealer=SEALER(),
    )
    return page.body(dict)
