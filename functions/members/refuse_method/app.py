"""API Gateway's any-method of every path: a method that the contract does not declare there is 405, with Allow."""

from typing import Any

from puhui.edge import log
from puhui.edge.contract.methods import METHODS
from puhui.edge.http import MethodNotAllowed, refusal


def app(event: dict[str, Any], _context: object) -> dict[str, Any]:
    log.line(level="INFO", task="refuse_method", method=event["httpMethod"], path=event["resource"])
    return refusal(event, MethodNotAllowed(allow=METHODS[event["resource"]]))
