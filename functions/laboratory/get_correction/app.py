"""GET /factors/corrections/{correction_id}: how a correction stands."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.laboratory import corrections
from puhui.laboratory.dynamo import Laboratory

app = HttpFunction("get-correction")
LABORATORY = Laboratory.from_environment()


@app.operation("get_correction", "GET", "/factors/corrections/{correction_id}")
def get_correction(request: Request) -> Answer:
    correction_id = request.path["correction_id"]
    return corrections.shown(corrections.find(correction_id, LABORATORY.correction(correction_id)))
