"""GET /trials/{trial_id}: how far a trial is, and what it found."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.laboratory import usecases
from puhui.laboratory.repository import Laboratory

app = HttpFunction("get-trial")
LABORATORY = Laboratory.from_environment()


@app.operation("get_trial", "GET", "/trials/{trial_id}")
def get_trial(request: Request) -> Answer:
    return usecases.trial_body(LABORATORY.trials.find(request.path["trial_id"]))
