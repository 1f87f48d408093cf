"""POST /factors/corrections: a published factor was wrong; propose what takes its place."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import ids
from puhui.laboratory import corrections
from puhui.laboratory.model import Correction
from puhui.laboratory.repository import Laboratory
from puhui.methodologies import published

app = HttpFunction("propose-correction")
LABORATORY = Laboratory.from_environment()
published.from_environment()


@app.operation("propose_correction", "POST", "/factors/corrections")
def propose_correction(request: Request) -> Answer:
    body, key = request.body, request.idempotency_key
    proposed = Correction(
        ids.key_id("correction", request.member_id, key) if key else ids.new_id(request.now),
        body["programme_id"],
        body["factor"],
        body["replacement"],
        corrections.day_of(body["from"]),
        corrections.day_of(body["to"]),
        body["reason"],
        request.member_id,
        request.body_hash,
    )
    corrections.check(proposed)
    return 201, corrections.correction_body(LABORATORY.corrections.add(proposed))
