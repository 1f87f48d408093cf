"""POST /merchant/rewards: a merchant proposes a reward."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members
from puhui.merchants.api import Merchants
from puhui.rewards import offers
from puhui.rewards.dynamo import Rewards
from puhui.rewards.terms import terms_from
from puhui.wechat import api as wechat

app = HttpFunction("propose-reward")
REWARDS, MERCHANTS = Rewards.from_environment(), Merchants.from_environment()
MEMBERS = members.Members.from_environment()
WECHAT = cache(wechat.connect)


@app.operation("propose_reward", "POST", "/merchant/rewards")
def propose_reward(request: Request) -> Answer:
    wanted = terms_from(request.body)
    offers.require_proposer(wanted, request.member_id, merchants=MERCHANTS)
    members.require_fit(offers.texts_of(wanted), request.member_id, members=MEMBERS, wechat=WECHAT())
    proposed = offers.propose(
        wanted,
        request.member_id,
        key=request.idempotency_key,
        body_hash=request.body_hash,
        rewards=REWARDS,
        now=request.now,
    )
    return 201, offers.shown_terms(proposed)
