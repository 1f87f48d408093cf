"""GET /factors/corrections/{correction_id}: how far a correction is."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.laboratory import corrections
from puhui.laboratory.repository import Laboratory

app = HttpFunction("get-correction")
LABORATORY = Laboratory.from_environment()


@app.operation("get_correction", "GET", "/factors/corrections/{correction_id}")
def get_correction(request: Request) -> Answer:
    correction_id = request.path["correction_id"]
    return corrections.correction_body(LABORATORY.corrections.find(correction_id))
