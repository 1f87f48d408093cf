"""GET /rewards: what a programme gives for points."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.api import Merchants
from puhui.rewards import usecases
from puhui.rewards.catalogue import Catalogue
from puhui.store import wiring

app = HttpFunction("list-rewards")
CATALOGUE, MERCHANTS = Catalogue.from_environment(), Merchants.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_rewards", "GET", "/rewards")
def list_rewards(request: Request) -> Answer:
    query = request.query
    page = usecases.list_rewards(
        query["programme_id"],
        query["limit"],
        query.get("cursor"),
        catalogue=CATALOGUE,
        cursors=CURSORS(),
        merchants=MERCHANTS,
        region=query.get("region", ""),
    )
    return page.body(usecases.shown_offer)
