"""The secrets of one deployment, made here and now.

    python -m infra.keys > parameters.yaml
    sam build && sam deploy --guided --parameter-overrides file://parameters.yaml

The file holds private keys: keep it out of the repository and delete it once deployed. The WeChat values are to be
replaced by those of the mini-program's console (AppSecret, and the token and EncodingAESKey of its message push).
"""

import base64
import json
import secrets
import string
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

AES_KEY_CHARACTERS = 43  # EncodingAESKey: base64 of 32 bytes without its padding


def parameters(wechat: dict[str, str]) -> dict[str, str]:
    """The template's secret parameters and JwksDocument; ``wechat`` is the content of WechatSecret."""
    key = ec.generate_private_key(ec.SECP256R1())
    kid = secrets.token_urlsafe(9)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    jwk = {**public, "kid": kid, "alg": "ES256", "use": "sig"}
    return {
        "JwksDocument": _json({"keys": [jwk]}),
        "JwtSecret": _json({"kid": kid, "private_key_pem": pem.decode()}),
        "DataSecret": _json({"key": _random(), "pepper": _random()}),
        "CursorSecret": _json({"key": _random()}),
        "WechatSecret": _json(wechat),
    }


def push_aes_key() -> str:
    """An EncodingAESKey, as the console's button makes one."""
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(AES_KEY_CHARACTERS - 1)) + "A"


def _random() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def main() -> None:
    """Print the parameters file."""
    wechat = {"app_secret": "APP_SECRET", "push_token": "PUSH_TOKEN", "push_aes_key": "PUSH_AES_KEY"}
    print(json.dumps({"WechatAppId": "APP_ID", **parameters(wechat)}, indent=2))


if __name__ == "__main__":
    main()
