"""GET /programmes/{programme_id}/versions/{version}: a filed version, for whoever is to start it."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.programmes import procedure
from puhui.programmes.repository import Programmes

app = HttpFunction("get-filed-programme")
TABLE = Programmes.from_environment()


@app.operation("get_filed_programme", "GET", "/programmes/{programme_id}/versions/{version}")
def get_filed_programme(request: Request) -> Answer:
    return procedure.filed_body(
        procedure.find(request.path["programme_id"], request.path["version"], table=TABLE)
    )
