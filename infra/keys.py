"""The secrets of one deployment, made here and now.

    PYTHONPATH=layers/puhui/python python -m infra.keys journal.greenpoints.example/2026 > parameters.yaml
    sam build && sam deploy --guided --parameter-overrides file://parameters.yaml

The file holds private keys: keep it out of the repository and delete it once deployed. The WeChat values are to be
replaced by those of the mini-program's console (AppSecret, and the token and EncodingAESKey of its message push).
JournalPolicy begins with no witnesses: add a line for each (`witness <name> <vkey> <url>`), their groups and the quorum.
"""

import base64
import json
import secrets
import string
import sys
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from puhui.tlog.notes import ED25519, LocalSigner

AES_KEY_CHARACTERS = 43  # EncodingAESKey: base64 of 32 bytes without its padding


def parameters(wechat: dict[str, str], origin: str) -> dict[str, str]:
    """The template's secret parameters, JwksDocument and the journal's; ``wechat`` is the content of WechatSecret,
    ``origin`` the name of the public log."""
    seed = secrets.token_bytes(32)
    log = LocalSigner(origin, ED25519, seed).key
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
        "JournalOrigin": origin,
        "JournalKey": _json({"seed": base64.b64encode(seed).decode()}),
        "JournalPepper": _json({"pepper": _random()}),
        "JournalPolicy": f"log {log}; quorum none",
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
    if len(sys.argv) != 2:
        sys.exit("usage: python -m infra.keys LOG_NAME, e.g. journal.greenpoints.example/2026")
    wechat = {"app_secret": "APP_SECRET", "push_token": "PUSH_TOKEN", "push_aes_key": "PUSH_AES_KEY"}
    print(json.dumps({"WechatAppId": "APP_ID", **parameters(wechat, sys.argv[1])}, indent=2))


if __name__ == "__main__":
    main()
