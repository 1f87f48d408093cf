"""GET /factors/{factor_id}/versions/{version}: one published factor with its status."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.methodologies import catalogue
from puhui.methodologies.repository import Factors

app = HttpFunction("get-factor")
TABLE = Factors.from_environment()


@app.operation("get_factor", "GET", "/factors/{factor_id}/versions/{version}")
def get_factor(request: Request) -> Answer:
    return catalogue.get_factor(request.path["factor_id"], request.path["version"], table=TABLE)
