"""schemathesis makes up requests, fitting and not; the API answers as the contract says, never with 5xx."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from infra.build import contract

EXAMPLES_PER_OPERATION = 12
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# One person for each kind of operation, so that nobody's demo day is disturbed.
MEMBER, VERIFIER, LEAVING = "demo-member-20", "demo-verifier", "demo-member-19"
ROLES = {(operation.method, operation.path): operation.roles for operation in contract.operations()}

schema = schemathesis.openapi.from_dict(contract.expanded())
schema.config.phases.coverage.enabled = (
    False  # thousands of requests; the generated validators' own tests cover bounds
)


@pytest.fixture(autouse=True)
def no_finaliser_while_hypothesis_parses() -> Iterator[None]:
    """CPython 3.11 fails at parsing ("AST constructor recursion depth mismatch") when a finaliser runs meanwhile."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.local_cloud
@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=EXAMPLES_PER_OPERATION,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_an_operation_answers_generated_requests_as_the_contract_says(case: Any, local_cloud: Any) -> None:
    asked = case.operation.method.upper(), case.operation.path
    openid = VERIFIER if ROLES[asked] else LEAVING if asked == ("DELETE", "/me") else MEMBER
    case.call_and_validate(
        base_url=f"{local_cloud.url}/v1",
        headers={"Authorization": f"Bearer {local_cloud.token(openid)}"},
        checks=CHECKS,
        timeout=15,
    )
