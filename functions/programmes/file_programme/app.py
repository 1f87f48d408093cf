"""POST /programmes: a city or a company files a programme of its own."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock, documents
from puhui.methodologies import api as methodologies
from puhui.methodologies import published
from puhui.programmes import procedure, publication
from puhui.programmes.repository import Programmes

app = HttpFunction("file-programme")
TABLE = Programmes.from_environment()

published.from_environment()


@app.operation("file_programme", "POST", "/programmes")
def file_programme(request: Request) -> Answer:
    document = documents.parse(request.raw_body)["document"]  # as it was written, no name twice
    programme = publication.check_document(document)
    methodologies.ask_again()
    for behaviour in programme.behaviours.values():
        methodologies.require_countable(programme, behaviour, clock.programme_day(request.now))
    filed = procedure.file(document, request.member_id, request.now, table=TABLE)
    return 201, procedure.filed_body(filed)
