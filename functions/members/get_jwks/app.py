"""GET /.well-known/jwks.json: the keys that access tokens are checked with."""

import json
import os

from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("get-jwks")
JWKS = json.loads(os.environ["JWKS"])


@app.operation("get_jwks", "GET", "/.well-known/jwks.json")
def get_jwks(_request: Request) -> Answer:
    return {"keys": JWKS["keys"]}
