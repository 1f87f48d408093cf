"""GET /merchant/settlements/{settlement_id}/statement: a merchant's statement as a page to print."""

from puhui.edge.http import Answer, HttpFunction, Request, Text
from puhui.merchants.api import MANAGER, OWNER, Merchants
from puhui.programmes.api import programme
from puhui.settlement.repositories import Repositories
from puhui.settlement.statements import printing, views

app = HttpFunction("print-statement")
REPOSITORIES, MERCHANTS = Repositories.from_environment(), Merchants.from_environment()


@app.operation("print_statement", "GET", "/merchant/settlements/{settlement_id}/statement")
def print_statement(request: Request) -> Answer:
    merchant_id = request.query["merchant_id"]
    MERCHANTS.require_staff(merchant_id, request.member_id, OWNER, MANAGER)
    statement = views.get_statement(request.path["settlement_id"], merchant_id, repositories=REPOSITORIES)
    name = MERCHANTS.find_standing(merchant_id).name
    page = printing.page(statement, name, programme(statement["programme_id"]).name, request.language)
    return 200, Text.of("text/html", page)
