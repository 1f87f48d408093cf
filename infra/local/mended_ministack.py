"""ministack 1.5.33 with three faults of its mended. Each has its test in tests/integration/test_local_cloud.py.

1. An update of a nested stack forgets the attributes of what did not change: the first ``!GetAtt Role.Arn`` then fails
   with "Requested attribute Arn does not exist in schema for AWS::IAM::Role".
2. After a restart a stream begins anew, but its consumers' positions are those of before: they sleep through as many
   changes as there had been.
3. An execution that waits for a task token keeps the process from ending, after its state was saved.
"""

import os
from contextvars import ContextVar
from typing import Any

from ministack import app
from ministack.services import lambda_svc
from ministack.services.cloudformation import _stacks, provisioners

_before: ContextVar[dict[str, Any]] = ContextVar("resources of the nested stack before its update")
_deploy = provisioners._cfn_nested_stack_deploy  # noqa: SLF001 the faults are inside
_update = provisioners._update_resource  # noqa: SLF001
_restore = lambda_svc._restore_state  # noqa: SLF001
_serve = app.app


def deploy_nested(*arguments: Any, previous_physical_id: str | None = None, **more: Any) -> Any:
    """Remember the nested stack's resources while it is deployed."""
    stack = _stacks.get(previous_physical_id) or {}
    token = _before.set(dict(stack.get("_resources", {})))
    try:
        return _deploy(*arguments, previous_physical_id=previous_physical_id, **more)
    finally:
        _before.reset(token)


def update_resource(
    kind: str,
    physical_id: str,
    old: dict[str, Any],
    new: dict[str, Any],
    stack: str,
    logical_id: str | None = None,
    old_attributes: dict[str, Any] | None = None,
) -> Any:
    """Hand over the remembered attributes when the caller has none."""
    if old_attributes is None:
        old_attributes = _before.get({}).get(logical_id or "", {}).get("Attributes")
    return _update(kind, physical_id, old, new, stack, logical_id, old_attributes)


def restore_functions(data: Any) -> None:
    """Put the consumers of streams at the streams' new beginning."""
    _restore(data)
    positions = lambda_svc._dynamodb_stream_positions._data  # noqa: SLF001
    positions.update(dict.fromkeys(positions, 0))


async def serve(scope: Any, receive: Any, send: Any) -> None:
    """End the process as soon as its state is saved; whoever started it ends the workers."""

    async def sending(message: Any) -> None:
        await send(message)
        if message["type"] == "lifespan.shutdown.complete":
            os._exit(0)

    await _serve(scope, receive, sending if scope["type"] == "lifespan" else send)


if __name__ == "__main__":
    provisioners._cfn_nested_stack_deploy = deploy_nested  # noqa: SLF001
    provisioners._update_resource = update_resource  # noqa: SLF001
    lambda_svc._restore_state = restore_functions  # noqa: SLF001
    app.app = serve
    app.main()
