"""GET /merchant/settlements/{settlement_id}/statement.csv: every payable of a statement, one a row."""

from puhui.edge.http import Answer, HttpFunction, Request, Text
from puhui.merchants.api import MANAGER, OWNER, Merchants
from puhui.rewards.api import Rewards
from puhui.settlement.repositories import Repositories
from puhui.settlement.statements.download import download
from puhui.settlement.statements.files import StatementFiles

app = HttpFunction("download-statement")
REPOSITORIES, MERCHANTS = Repositories.from_environment(), Merchants.from_environment()
REWARDS, FILES = Rewards.from_environment(), StatementFiles.from_environment()


@app.operation("download_statement", "GET", "/merchant/settlements/{settlement_id}/statement.csv")
def download_statement(request: Request) -> Answer:
    merchant_id = request.query["merchant_id"]
    MERCHANTS.require_staff(merchant_id, request.member_id, OWNER, MANAGER)
    written = download(
        request.path["settlement_id"],
        merchant_id,
        request.language,
        repositories=REPOSITORIES,
        rewards=REWARDS,
        files=FILES,
        now=request.now,
    )
    return (200, Text.of("text/csv", written)) if isinstance(written, str) else written
