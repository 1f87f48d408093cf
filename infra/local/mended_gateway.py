"""ministack's API Gateway with three faults mended; their tests are in tests/unit/test_what_the_gateway_imports.py and
tests/unit/test_the_gateway_calls_as_its_role.py.

1. The import of an OpenAPI document leaves out ``x-amazon-apigateway-any-method``, an integration's ``credentials`` and
   ``x-amazon-apigateway-gateway-responses``.
2. An integration calls its function whether or not API Gateway may. Here, as on AWS, it assumes the role that the integration
   names: without one, or with one that does not trust API Gateway or may not call this function, the call fails and the log of
   the emulator says why.
3. The same for an authoriser.
"""

import json
from typing import Any

from ministack.core.iam_evaluator import (
    EvalContext,
    _gather_role_policies,
    _service_principal_matches,
    evaluate,
)
from ministack.services import apigateway_v1, iam

PRINCIPAL = "apigateway.amazonaws.com"
ANY = "x-amazon-apigateway-any-method"
_import_rest_api = apigateway_v1._import_rest_api  # noqa: SLF001 the faults are inside
_import_path = apigateway_v1._import_path_item  # noqa: SLF001
_import_operation = apigateway_v1._import_operation  # noqa: SLF001
_call = apigateway_v1._invoke_lambda_proxy_v1  # noqa: SLF001
_authorise = apigateway_v1._invoke_authorizer_lambda  # noqa: SLF001


def import_rest_api(document: dict[str, Any], *more: Any) -> str:
    """Import what the gateway answers by itself, too."""
    api_id: str = _import_rest_api(document, *more)
    for kind, answer in document.get("x-amazon-apigateway-gateway-responses", {}).items():
        apigateway_v1._put_gateway_response(api_id, kind, answer)  # noqa: SLF001
    return api_id


def import_path(api_id: str, path: str, item: dict[str, Any], *more: Any) -> None:
    """Import the any-method as the method ANY."""
    _import_path(api_id, path, {"any" if name == ANY else name: item[name] for name in item}, *more)


def import_operation(
    api_id: str, resource_id: str, method: str, operation: dict[str, Any], *more: Any
) -> None:
    """Keep the role that the integration names."""
    _import_operation(api_id, resource_id, method, operation, *more)
    methods = apigateway_v1._resources[api_id][resource_id]["resourceMethods"]  # noqa: SLF001
    integration = operation.get("x-amazon-apigateway-integration", {})
    methods[method].get("methodIntegration", {})["credentials"] = integration.get("credentials")


async def call(integration: dict[str, Any], *arguments: Any, **more: Any) -> Any:
    """Call the integration's function, if its role may."""
    if _refused(integration.get("credentials"), integration.get("uri", "")):
        return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")  # noqa: SLF001
    return await _call(integration, *arguments, **more)


async def authorise(authoriser: dict[str, Any], *arguments: Any) -> Any:
    """Call the authoriser's function, if its role may."""
    if _refused(authoriser.get("authorizerCredentials"), authoriser.get("authorizerUri", "")):
        return None
    return await _authorise(authoriser, *arguments)


def _refused(role: str | None, uri: str) -> bool:
    function = apigateway_v1._extract_lambda_ref_from_integration_uri(uri)  # noqa: SLF001
    if allowed(role, function):
        return False
    apigateway_v1.logger.error("API Gateway may not call %s as the role %s", function, role or "(none)")
    return True


def allowed(role: str | None, function: str) -> bool:
    """Whether API Gateway may assume ``role`` (an ARN), and the role may call ``function`` (an ARN)."""
    if not role:
        return False
    account, name = role.split(":")[4], role.rpartition("/")[2]
    stored = iam._roles.get_scoped(account, None, name) or {}  # noqa: SLF001
    trust = stored.get("AssumeRolePolicyDocument") or "{}"
    statements = (json.loads(trust) if isinstance(trust, str) else trust).get("Statement", [])
    if not any(
        each["Effect"] == "Allow" and _service_principal_matches(each["Principal"], PRINCIPAL)
        for each in statements
    ):
        return False
    asked = EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=account,
        action="lambda:InvokeFunction",
        resource_arn=function,
        region=function.split(":")[3],
    )
    return bool(evaluate(asked, _gather_role_policies(name, account)).decision == "Allow")


def install() -> None:
    """Put the mended functions in the place of the emulator's."""
    apigateway_v1._OPENAPI_HTTP_METHODS.add("any")  # noqa: SLF001
    apigateway_v1._import_rest_api = import_rest_api  # noqa: SLF001
    apigateway_v1._import_path_item = import_path  # noqa: SLF001
    apigateway_v1._import_operation = import_operation  # noqa: SLF001
    apigateway_v1._invoke_lambda_proxy_v1 = call  # noqa: SLF001
    apigateway_v1._invoke_authorizer_lambda = authorise  # noqa: SLF001
