"""GET /risk-rules: the rules, and how often they were right."""

from functools import cache

from puhui.activities.risk.reading import list_rules
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.store import wiring

app = HttpFunction("list-risk-rules")
ACTIVITIES = Activities.from_environment()
CURSORS = cache(wiring.cursors)


@app.operation("list_risk_rules", "GET", "/risk-rules")
def list_risk_rules(request: Request) -> Answer:
    return list_rules(ACTIVITIES.risk, request.query, CURSORS).body(dict)
