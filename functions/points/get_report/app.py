"""GET /reports/{report_id}: how a report stands, and what it found."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.points import reconciliation
from puhui.points.dynamo import Points

app = HttpFunction("get-report")
POINTS = Points.from_environment()


@app.operation("get_report", "GET", "/reports/{report_id}")
def get_report(request: Request) -> Answer:
    return reconciliation.find(request.path["report_id"], POINTS).shown()
