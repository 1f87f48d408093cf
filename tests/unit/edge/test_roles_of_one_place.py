"""A role that holds in one programme or region opens only operations that look where."""

from pathlib import Path

import pytest

from infra.build import contract
from tests.support import gateway

APP = """
from puhui.edge.http import HttpFunction

app = HttpFunction("{name}")


@app.operation("{operation}", "GET", "{path}")
def view(request):
    assert request.scope.everywhere == ("verifier" in request.roles or "operator" in request.roles)
    return {{"items": [], "next_cursor": None}}
"""


@pytest.fixture(autouse=True)
def _functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for operation, path in (("list_reviews", "/reviews"), ("list_proposed_rewards", "/reward-proposals")):
        folder = tmp_path / "x" / operation
        folder.mkdir(parents=True)
        text = APP.format(name=operation, operation=operation, path=path)
        (folder / "app.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(gateway, "FUNCTIONS", tmp_path)
    gateway.handler.cache_clear()


@pytest.mark.parametrize(
    ("operation", "role", "status"),
    [
        ("list_reviews", "verifier", 200),
        ("list_reviews", "verifier@carbon-88", 200),
        ("list_reviews", "verifier@CN-GD", 200),
        ("list_reviews", "operator@carbon-88", 403),
        ("list_reviews", "verifier@", 403),
        ("list_proposed_rewards", "operator", 200),
        ("list_proposed_rewards", "operator@carbon-88", 403),
        ("list_proposed_rewards", "operator@CN", 403),
    ],
)
def test_a_bound_role_opens_only_what_looks_where(operation: str, role: str, status: int):
    query = {"programme_id": "carbon-88"} if operation == "list_proposed_rewards" else {}
    answer = gateway.call(operation, member="m1", roles=("member", role), query=query)
    assert answer.status == status, answer.text


SCOPED = [operation for operation in contract.operations() if operation.scoped]


@pytest.mark.parametrize("operation", SCOPED, ids=lambda operation: operation.id)
def test_a_function_that_lets_a_bound_role_in_looks_where_it_holds(operation: contract.Operation):
    (app,) = (contract.ROOT / "functions").glob(f"**/{operation.id}/app.py")
    assert "request.scope" in app.read_text(encoding="utf-8")
    assert operation.roles
