"""POST /merchant/rewards: a merchant proposes a reward."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import api as members
from puhui.merchants import api as merchants
from puhui.partners.api import Partners
from puhui.rewards.catalogue import offers, pictures
from puhui.rewards.catalogue.terms import terms_from
from puhui.rewards.catalogue.views import terms_body
from puhui.rewards.repositories import Rewards
from puhui.settlement import api as settlement
from puhui.wechat import api as wechat

app = HttpFunction("propose-reward")
REWARDS, MERCHANTS = Rewards.from_environment(), merchants.Merchants.from_environment()
MEMBERS = members.Members.from_environment()
PARTNERS = Partners.from_environment()
SETTLEMENTS = settlement.Settlements.from_environment()
WECHAT, PICTURES = cache(wechat.connect), cache(merchants.pictures)


@app.operation("propose_reward", "POST", "/merchant/rewards")
def propose_reward(request: Request) -> Answer:
    wanted = terms_from(request.body)
    offers.require_proposer(wanted, request.member_id, merchants=MERCHANTS)
    offers.require_givers(wanted, merchants=MERCHANTS, partners=PARTNERS)
    settlement.require_budget_of(wanted.budget_id, wanted.programme_id, settlements=SETTLEMENTS)
    members.require_fit(offers.texts_of(wanted), request.member_id, members=MEMBERS, wechat=WECHAT())
    proposed = offers.propose(
        pictures.submitted(wanted, request.member_id, rewards=REWARDS, pictures=PICTURES),
        request.member_id,
        key=request.idempotency_key,
        body_hash=request.body_hash,
        rewards=REWARDS,
        now=request.now,
    )
    return 201, terms_body(proposed)
