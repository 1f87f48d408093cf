"""POST /rewards/{reward_id}/closure: take a reward off sale for good; its sponsor's money comes free."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.rewards.catalogue import offers
from puhui.rewards.catalogue.views import terms_body
from puhui.rewards.repositories import Rewards

app = HttpFunction("close-reward")
REWARDS, LEDGER = Rewards.from_environment(), Ledger.from_environment()


@app.operation("close_reward", "POST", "/rewards/{reward_id}/closure")
def close_reward(request: Request) -> Answer:
    closed = offers.close(request.path["reward_id"], rewards=REWARDS, ledger=LEDGER, now=request.now)
    return terms_body(closed)
