"""GET /reports/minors: a year's report on minors' data, for the regulator."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members import minors_report
from puhui.members.repository import Members

app = HttpFunction("get-minors-report")
MEMBERS = Members.from_environment()


@app.operation("get_minors_report", "GET", "/reports/minors")
def get_minors_report(request: Request) -> Answer:
    return minors_report.report(int(request.query["year"]), members=MEMBERS, now=request.now)
