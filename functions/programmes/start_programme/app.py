"""POST /programmes/{programme_id}/versions/{version}/start: somebody else lets a filed programme count acts."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.journal import wiring
from puhui.journal.dynamo import Journal
from puhui.journal.usecases import add_publication
from puhui.programmes import procedure
from puhui.programmes.filing import Filed
from puhui.programmes.repository import Programmes
from puhui.store.session import Session

app = HttpFunction("start-programme")
TABLE, JOURNAL = Programmes.from_environment(), Journal.from_environment()
PEPPER = cache(wiring.pepper)


@app.operation("start_programme", "POST", "/programmes/{programme_id}/versions/{version}/start")
def start_programme(request: Request) -> Answer:
    def publish(session: Session, filed: Filed) -> None:
        add_publication(
            session, "programme", filed.id, filed.version, filed.hash, JOURNAL, PEPPER(), request.now
        )

    started = procedure.start(
        request.path["programme_id"],
        request.path["version"],
        request.member_id,
        request.body["hash"],
        request.now,
        table=TABLE,
        also=publish,
        key=request.idempotency_key,
    )
    return procedure.filed_body(started)
