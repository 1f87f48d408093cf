"""GET /settlements/{settlement_id}/statements/{merchant_id}: a statement, for whoever approves or decides disputes."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.settlement import statements
from puhui.settlement.dynamo import Settlements

app = HttpFunction("review-statement")
SETTLEMENTS = Settlements.from_environment()


@app.operation("review_statement", "GET", "/settlements/{settlement_id}/statements/{merchant_id}")
def review_statement(request: Request) -> Answer:
    return statements.get_statement(
        request.path["settlement_id"], request.path["merchant_id"], settlements=SETTLEMENTS
    )
