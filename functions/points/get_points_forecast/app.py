"""GET /me/points-forecast: what one's points of a programme are, when they end, and as what."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.ledger.api import Ledger
from puhui.points import usecases
from puhui.points.dynamo import Points

app = HttpFunction("get-points-forecast")
POINTS, LEDGER = Points.from_environment(), Ledger.from_environment()


@app.operation("get_points_forecast", "GET", "/me/points-forecast")
def get_points_forecast(request: Request) -> Answer:
    programme_id = request.query["programme_id"]
    return usecases.forecast(request.member_id, programme_id, points=POINTS, ledger=LEDGER, now=request.now)
