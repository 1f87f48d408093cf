"""A log's key in KMS signs as a key in memory does."""

import boto3
from cryptography.hazmat.primitives.serialization import load_der_public_key

from puhui.journal.kms import KmsSigner
from puhui.tlog import checkpoints
from puhui.tlog.checkpoints import Checkpoint


def test_a_checkpoint_signed_in_kms_is_one_of_the_log(dynamodb_endpoint: str):
    kms = boto3.client("kms")
    key_id = kms.create_key(KeySpec="ECC_NIST_EDWARDS25519", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    public = load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"]).public_bytes_raw()
    signer = KmsSigner("journal.test/2026", key_id, public)
    checkpoint = Checkpoint("journal.test/2026", 7, b"r" * 32)
    assert checkpoints.opened(str(checkpoint.signed(signer)).encode(), signer.key)[0] == checkpoint
