"""What the functions build once."""

import os

from puhui.members.tokens import Issuer
from puhui.store import secrets


def issuer() -> Issuer:
    """The signer of TOKEN_ISSUER and JWT_SECRET: {"kid", "private_key_pem"}."""
    secret = secrets.read(os.environ["JWT_SECRET"])
    return Issuer(os.environ["TOKEN_ISSUER"], secret["kid"], secret["private_key_pem"])
