"""The ninth mend of infra/local/mended_ministack.py: what a function failed with has the name that a state machine catches it by."""

from types import SimpleNamespace
from typing import Any

import pytest

from infra.local import mended_ministack

TRACE = """Traceback (most recent call last):
  File "app.py", line 1, in handler
    raise type(error.code, (Exception,), {})(error.text("en")) from None
puhui.edge.task.REVIEW_DECIDED: This review has already ended: decided.
"""


@pytest.mark.parametrize(
    ("trace", "name"),
    [
        (TRACE, "REVIEW_DECIDED"),
        ("Traceback:\n  line\nKeyError: 'a'\n", "KeyError"),
        ("", "Runtime.HandlerError"),
    ],
)
def test_a_failure_keeps_its_class(monkeypatch: pytest.MonkeyPatch, trace: str, name: str) -> None:
    def fail(*_: Any, **__: Any) -> dict[str, Any]:
        return {"status": "error", "error": "so it is", "trace": trace}

    def execute(*_: Any) -> dict[str, Any]:
        mended_ministack.invoke(SimpleNamespace(func_name="f", last_used=0.0))
        return {"error": True, "body": {"errorMessage": "so it is", "errorType": "Runtime.HandlerError"}}

    monkeypatch.setattr(mended_ministack, "_invoke", fail)
    monkeypatch.setattr(mended_ministack, "_execute", execute)
    failed = mended_ministack.execute({"FunctionName": "f"}, {})
    assert failed == {"error": True, "body": {"errorMessage": "so it is", "errorType": name}}
