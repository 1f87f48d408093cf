"""POST /partners/{partner_id}/secrets: a new secret, in this answer only."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.partners import usecases
from puhui.partners.repository import Partners

app = HttpFunction("add-partner-secret")
PARTNERS = Partners.from_environment()


@app.operation("add_partner_secret", "POST", "/partners/{partner_id}/secrets")
def add_partner_secret(request: Request) -> Answer:
    secret = usecases.add_secret(
        request.path["partner_id"],
        by=request.member_id,
        key=request.idempotency_key,
        partners=PARTNERS,
        now=request.now,
    )
    return 201, {"secret": secret}
