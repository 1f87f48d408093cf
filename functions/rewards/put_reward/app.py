"""Invoked by an operator: offer a reward or change one; a closed one does not change. Input: see ``terms_from``."""

from datetime import datetime

from puhui.edge.task import Input, task
from puhui.ledger.api import Ledger
from puhui.merchants.api import Merchants
from puhui.partners.api import Partners
from puhui.rewards.catalogue import offers
from puhui.rewards.catalogue.model import CLOSED
from puhui.rewards.catalogue.terms import terms_from
from puhui.rewards.repositories import Rewards
from puhui.settlement import api as settlement

REWARDS, LEDGER = Rewards.from_environment(), Ledger.from_environment()
MERCHANTS, PARTNERS = Merchants.from_environment(), Partners.from_environment()
SETTLEMENTS = settlement.Settlements.from_environment()


@task("put_reward")
def app(event: Input, now: datetime) -> Input:
    wanted = terms_from(event)
    offers.require_givers(wanted, merchants=MERCHANTS, partners=PARTNERS)
    settlement.require_budget_of(wanted.budget_id, wanted.programme_id, settlements=SETTLEMENTS)
    reward = REWARDS.catalogue.reward(wanted.id)
    if reward is None or reward.state != CLOSED:
        reward = offers.put_reward(wanted, rewards=REWARDS, ledger=LEDGER, now=now)
    return {"id": reward.id, "stock": reward.stock, "shards": reward.shards, "version": reward.version}
