"""POST /verifiers/{member_id}/keys: register the key by which a third party's verifier signs."""

from puhui.activities.reviews import statements
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("add-verifier-key")
ACTIVITIES = Activities.from_environment()


@app.operation("add_verifier_key", "POST", "/verifiers/{member_id}/keys")
def add_verifier_key(request: Request) -> Answer:
    key = statements.add_key(
        request.path["member_id"],
        request.body["public_key"],
        request.member_id,
        reviews=ACTIVITIES.reviews,
        now=request.now,
    )
    return 201, {"verifier_id": key.verifier, "key_id": key.id}
