"""POST /factors/{factor_id}/versions/{version}/withdrawal: count no new acts by it."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import procedure
from puhui.methodologies.lifecycle import Officer
from puhui.methodologies.repository import Factors

app = HttpFunction("withdraw-factor")
TABLE = Factors.from_environment()


@app.operation("withdraw_factor", "POST", "/factors/{factor_id}/versions/{version}/withdrawal")
def withdraw_factor(request: Request) -> Answer:
    body = request.body
    command = procedure.Command(
        Officer(request.member_id, request.roles), request.now, request.idempotency_key, request.body_hash
    )
    return procedure.withdraw(
        request.path["factor_id"], request.path["version"], body["reason"], command, table=TABLE
    )
