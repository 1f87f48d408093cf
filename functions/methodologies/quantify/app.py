"""POST /methodologies/{methodology_id}/quantifications: what would this act give? Nothing is stored."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.methodologies import published, usecases
from puhui.programmes import api as programmes

app = HttpFunction("quantify")
published.from_environment()


@app.operation("quantify", "POST", "/methodologies/{methodology_id}/quantifications")
def quantify(request: Request) -> Answer:
    body = request.body
    programme = programmes.programme(body["programme_id"])
    occurred_at = clock.from_text(body["occurred_at"]) if "occurred_at" in body else request.now
    return usecases.trial(
        request.path["methodology_id"],
        programme,
        programmes.behaviour(programme, body["behaviour"]),
        body["quantity"],
        occurred_on=clock.programme_day(occurred_at),
        region=body.get("region"),
        version=body.get("version"),
    )
