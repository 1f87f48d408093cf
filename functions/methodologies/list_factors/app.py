"""GET /factors: the factors that acts can take."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import catalogue
from puhui.methodologies.repository import Factors
from puhui.store import wiring

app = HttpFunction("list-factors")
TABLE = Factors.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_factors", "GET", "/factors")
def list_factors(request: Request) -> Answer:
    query = request.query
    wanted = {name: query[name] for name in catalogue.FILTERS if name in query}
    page = catalogue.list_factors(wanted, query["limit"], query.get("cursor"), table=TABLE, cursors=CURSORS())
    return page.body(catalogue.shown)
