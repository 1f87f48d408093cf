"""The API's reference page: the contract in Swagger UI, from files on this machine only.

A server mounts three things: ``page()`` at /docs, ``contract_json()`` at /docs/contract.json and
``asset(name)`` at /docs/<name> for each name in ``ASSETS``.
"""

from typing import Any

from swagger_ui_bundle import swagger_ui_path

from infra.build import contract

ASSETS = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{title}</title>
  <link rel="icon" type="image/png" href="{base}/favicon-32x32.png">
  <link rel="stylesheet" href="{base}/swagger-ui.css">
</head>
<body>
  <div id="reference"></div>
  <noscript>
    此页需要 JavaScript。This page needs JavaScript.
    <a href="{base}/contract.json">contract.json</a>
  </noscript>
  <script src="{base}/swagger-ui-bundle.js"></script>
  <script>
    SwaggerUIBundle({{
      url: "{base}/contract.json",
      dom_id: "#reference",
      deepLinking: true,
      docExpansion: "list",
      defaultModelsExpandDepth: 0,
      displayOperationId: true,
      validatorUrl: null
    }});
  </script>
</body>
</html>
"""


def page(base: str = "/docs") -> str:
    """The HTML page; ``base`` is the path under which the contract and the assets are mounted."""
    return _PAGE.format(title=contract.document()["info"]["title"], base=base)


def asset(name: str) -> tuple[bytes, str]:
    """A file of Swagger UI and its content type. Raises KeyError for a name that is not in ``ASSETS``."""
    content_type = ASSETS[name]
    return (swagger_ui_path / name).read_bytes(), content_type


def contract_json() -> dict[str, Any]:
    """The contract as it is written."""
    return contract.document()
