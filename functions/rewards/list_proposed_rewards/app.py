"""GET /reward-proposals: what merchants have proposed, for operators."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants import api as merchants
from puhui.rewards import offers, pictures
from puhui.rewards.catalogue import Catalogue
from puhui.store import wiring

app = HttpFunction("list-proposed-rewards")
CATALOGUE = Catalogue.from_environment()
CURSORS, PICTURES = cache(wiring.cursors), cache(merchants.pictures)


@app.operation("list_proposed_rewards", "GET", "/reward-proposals")
def list_proposed_rewards(request: Request) -> Answer:
    page = offers.list_proposed(
        request.query["programme_id"],
        request.query["limit"],
        request.query.get("cursor"),
        catalogue=CATALOGUE,
        cursors=CURSORS(),
    )
    states = pictures.states_of(page.items, pictures=PICTURES)
    return page.body(lambda reward: offers.shown_terms(reward, states))
