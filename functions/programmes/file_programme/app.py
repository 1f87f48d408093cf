"""POST /programmes: a city or a company files a programme of its own."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock, documents
from puhui.kernel.errors import DomainError
from puhui.methodologies import api as methodologies
from puhui.methodologies import published
from puhui.programmes import procedure, publication
from puhui.programmes.api import Behaviour, Programme
from puhui.programmes.dynamo import Programmes
from puhui.programmes.errors import BehaviourNotCountable

app = HttpFunction("file-programme")
TABLE = Programmes.from_environment()

published.from_environment()


@app.operation("file_programme", "POST", "/programmes")
def file_programme(request: Request) -> Answer:
    document = documents.parse(request.raw_body)["document"]  # strictly: no decimals, no name twice
    documents.require_bounded(document)
    programme = publication.check_document(document)
    for behaviour in programme.behaviours.values():
        _require_countable(programme, behaviour, request)
    filed = procedure.file(document, request.member_id, request.now, table=TABLE)
    return 201, procedure.shown(filed)


def _require_countable(programme: Programme, behaviour: Behaviour, request: Request) -> None:
    """Its methodology is published, accepts the evidence, and has the factors that the programme's profile needs."""
    most = {name: limits[1] for name, limits in behaviour.bounds.items()}
    quantity = {**most, **{name: words[0] for name, words in behaviour.choices.items()}}
    try:
        methodologies.quantify(programme, behaviour, quantity, clock.programme_day(request.now))
        accepted = methodologies.published(behaviour.methodology_id, behaviour.methodology_version).evidence
    except DomainError as error:
        raise BehaviourNotCountable(
            behaviour=behaviour.id, why_zh=error.text("zh-CN"), why_en=error.text("en")
        ) from None
    shown = {"none", "device", "partner"} if behaviour.evidence == "none" else {behaviour.evidence}
    if accepted and not shown & set(accepted):
        raise BehaviourNotCountable(
            behaviour=behaviour.id,
            why_zh=f"方法学要求的凭证是 {', '.join(accepted)}。",
            why_en=f"its methodology accepts {', '.join(accepted)} as evidence.",
        )
