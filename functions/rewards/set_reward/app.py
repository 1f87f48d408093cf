"""PUT /rewards/{reward_id}: an operator offers a reward, or changes one."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.members import api as members
from puhui.merchants import api as merchants
from puhui.partners.api import Partners
from puhui.rewards.catalogue import offers, pictures
from puhui.rewards.catalogue.terms import terms_from
from puhui.rewards.catalogue.views import terms_body
from puhui.rewards.repositories import Rewards
from puhui.settlement import api as settlement
from puhui.wechat import api as wechat

app = HttpFunction("set-reward")
REWARDS, LEDGER = Rewards.from_environment(), Ledger.from_environment()
MEMBERS = members.Members.from_environment()
MERCHANTS, PARTNERS = merchants.Merchants.from_environment(), Partners.from_environment()
SETTLEMENTS = settlement.Settlements.from_environment()
WECHAT, PICTURES = cache(wechat.connect), cache(merchants.pictures)


@app.operation("set_reward", "PUT", "/rewards/{reward_id}")
def set_reward(request: Request) -> Answer:
    wanted = terms_from({**request.body, "id": request.path["reward_id"]})
    offers.require_givers(wanted, request.member_id, merchants=MERCHANTS, partners=PARTNERS)
    settlement.require_budget_of(wanted.budget_id, wanted.programme_id, settlements=SETTLEMENTS)
    members.require_fit(offers.texts_of(wanted), request.member_id, members=MEMBERS, wechat=WECHAT())
    wanted = pictures.submitted(wanted, request.member_id, rewards=REWARDS, pictures=PICTURES)
    return terms_body(offers.put_reward(wanted, rewards=REWARDS, ledger=LEDGER, now=request.now))
