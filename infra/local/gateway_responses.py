"""What the gateway answers by itself (no token, no such path, throttled).

On AWS the import does this. The emulator's leaves out ``x-amazon-apigateway-gateway-responses``, so they are set through the
API, and the stage is deployed again, since a stage keeps the answers of its deployment.
"""

from typing import Any

from infra.build import gateway_responses


def apply(gateway: Any, api_id: str, stage: str) -> int:
    """Set them on a REST API by ``gateway``, a boto3 client of apigateway. Returns how many there are."""
    answers = gateway_responses.document()
    for kind, answer in answers.items():
        gateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            statusCode=str(answer["statusCode"]),
            responseParameters=answer["responseParameters"],
            responseTemplates=answer["responseTemplates"],
        )
    gateway.create_deployment(restApiId=api_id, stageName=stage)
    return len(answers)
