"""POST /evidence: announce a picture and get the address to upload it to."""

from puhui.activities.evidence import usecases
from puhui.activities.evidence.bucket import EvidenceBucket
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.members import api as members
from puhui.store.limits import Limits

app = HttpFunction("prepare-evidence")
ACTIVITIES = Activities.from_environment()
LIMITS = Limits.from_environment()
MEMBERS = members.Members.from_environment()
STORE = EvidenceBucket.from_environment()


@app.operation("prepare_evidence", "POST", "/evidence")
def prepare_evidence(request: Request) -> Answer:
    members.require_consent(request.member_id, "photos", request.now, members=MEMBERS)
    LIMITS.spend("prepare_evidence", request.member_id, request.now)
    evidence, upload, expires_at = usecases.prepare_evidence(
        request.member_id,
        request.body["content_type"],
        request.body["size"],
        request.body["sha256"],
        key=request.idempotency_key,
        body_hash=request.body_hash,
        repository=ACTIVITIES.evidence,
        store=STORE,
        now=request.now,
    )
    return 201, {"evidence_id": evidence.id, "upload": upload, "expires_at": clock.to_text(expires_at)}
