"""GET /reward-proposals: what merchants have proposed, for operators."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.rewards import offers
from puhui.rewards.catalogue import Catalogue
from puhui.store import wiring

app = HttpFunction("list-proposed-rewards")
CATALOGUE = Catalogue.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_proposed_rewards", "GET", "/reward-proposals")
def list_proposed_rewards(request: Request) -> Answer:
    page = offers.list_proposed(
        request.query["programme_id"],
        request.query["limit"],
        request.query.get("cursor"),
        catalogue=CATALOGUE,
        cursors=CURSORS(),
    )
    return page.body(offers.shown_terms)
