"""GET /me/consents: what I agreed to."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.dynamo import Members

app = HttpFunction("list-consents")
MEMBERS = Members.from_environment()


@app.operation("list_consents", "GET", "/me/consents")
def list_consents(request: Request) -> Answer:
    consents = MEMBERS.find(request.member_id).consents
    return {"items": [consents[purpose].shown() for purpose in sorted(consents)]}
