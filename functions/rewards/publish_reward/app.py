"""POST /rewards/{reward_id}/publication: put a proposed reward on sale."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.merchants.api import Merchants
from puhui.rewards.catalogue import offers
from puhui.rewards.catalogue.views import terms_body
from puhui.rewards.repositories import Rewards

app = HttpFunction("publish-reward")
REWARDS, LEDGER = Rewards.from_environment(), Ledger.from_environment()
MERCHANTS = Merchants.from_environment()


@app.operation("publish_reward", "POST", "/rewards/{reward_id}/publication")
def publish_reward(request: Request) -> Answer:
    published = offers.publish(
        request.path["reward_id"],
        request.body["version"],
        request.member_id,
        rewards=REWARDS,
        ledger=LEDGER,
        merchants=MERCHANTS,
        now=request.now,
    )
    return terms_body(published)
