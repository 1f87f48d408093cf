"""GET /reviews/figures: how a programme's review desk does."""

from puhui.activities.reviews import figures
from puhui.activities.tables import Activities
from puhui.edge.http import Answer, HttpFunction, Request
from puhui.programmes import api as programmes

app = HttpFunction("get-review-figures")
ACTIVITIES = Activities.from_environment()


@app.operation("get_review_figures", "GET", "/reviews/figures")
def get_review_figures(request: Request) -> Answer:
    programme_id = request.query["programme_id"]
    return figures.figures_body(
        programme_id,
        programmes.jurisdiction_of(programme_id),
        request.scope,
        reviews=ACTIVITIES.reviews,
        now=request.now,
    )
