"""What the gateway answers by itself (no token, no such path, throttled), as the contract says.

On AWS the import of the contract does this. The local cloud's leaves out
``x-amazon-apigateway-gateway-responses``, so it is told through the API, and the stage is deployed again, since a stage
keeps the answers of its deployment.
"""

from typing import Any

from infra.build import contract


def apply(gateway: Any, api_id: str, stage: str) -> int:
    """Set them on a REST API by ``gateway``, a boto3 client of apigateway. Returns how many there are."""
    answers = contract.document()["x-amazon-apigateway-gateway-responses"]
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
