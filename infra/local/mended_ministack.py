"""ministack 1.5.33 with one fault of its mended: an update of a nested stack forgets the attributes of what did not change.

Its ``_update_resource`` gives an unchanged resource the attributes that its caller hands over, and the update of a
nested stack hands over none: the first ``!GetAtt Role.Arn`` then fails with "Requested attribute Arn does not exist in
schema for AWS::IAM::Role". Here they come from the nested stack as it stood before.
"""

from contextvars import ContextVar
from typing import Any

from ministack import app
from ministack.services.cloudformation import _stacks, provisioners

_before: ContextVar[dict[str, Any]] = ContextVar("resources of the nested stack before its update")
_deploy = provisioners._cfn_nested_stack_deploy  # noqa: SLF001 the fault is inside
_update = provisioners._update_resource  # noqa: SLF001


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


if __name__ == "__main__":
    provisioners._cfn_nested_stack_deploy = deploy_nested  # noqa: SLF001
    provisioners._update_resource = update_resource  # noqa: SLF001
    app.main()
