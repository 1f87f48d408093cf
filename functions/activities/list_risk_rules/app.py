"""GET /risk-rules: the rules, and how often they were right."""

from puhui.activities.risk.reading import list_rules
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("list-risk-rules")
ACTIVITIES = Activities.from_environment()


@app.operation("list_risk_rules", "GET", "/risk-rules")
def list_risk_rules(_request: Request) -> Answer:
    return {"items": list_rules(ACTIVITIES.risk), "next_cursor": None}
