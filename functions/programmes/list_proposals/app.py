"""GET /programmes/{programme_id}/proposals: what was proposed of a programme's gates and its end."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.programmes import api, procedure
from puhui.programmes.dynamo import Programmes

app = HttpFunction("list-proposals")
TABLE = Programmes.from_environment()


@app.operation("list_proposals", "GET", "/programmes/{programme_id}/proposals")
def list_proposals(request: Request) -> Answer:
    programme = api.programme(request.path["programme_id"])
    return {"items": [procedure.show_proposal(each) for each in TABLE.proposals(programme.id)]}
