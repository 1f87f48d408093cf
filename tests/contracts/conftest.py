"""The environment that functions need at import; nothing here is called, so every value is made up."""

import json

import pytest

from puhui.tlog.notes import ED25519, Key

VARIABLES = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "cn-northwest-1",
    "AWS_DEFAULT_REGION": "cn-northwest-1",
    "STAGE": "test",
    **{
        f"{name}_TABLE": f"puhui-{name.lower()}"
        for name in (
            "MEMBERS",
            "LIMITS",
            "LEDGER",
            "ACTIVITIES",
            "REWARDS",
            "SETTLEMENT",
            "WECHAT",
            "JOURNAL",
            "LABORATORY",
            "PROGRAMMES",
            "METHODOLOGIES",
            "POINTS",
            "MERCHANTS",
            "PARTNERS",
            "INGESTION",
            "PRIVACY",
        )
    },
    "EVIDENCE_BUCKET": "puhui-evidence",
    "MERCHANT_DOCUMENTS_BUCKET": "puhui-merchant-documents",
    **{
        f"{name}_SECRET": f"arn:aws-cn:secretsmanager:cn-northwest-1:000000000000:secret:puhui-{name.lower()}"
        for name in ("JWT", "DATA", "WECHAT", "CURSOR")
    },
    "JOURNAL_BUCKET": "puhui-journal",
    "JOURNAL_ORIGIN": "journal.puhui.example",
    "JOURNAL_POLICY": f"log {Key('journal.puhui.example', ED25519, bytes(32))}; quorum none",
    "JOURNAL_KEY": "arn:aws-cn:secretsmanager:cn-northwest-1:000000000000:secret:puhui/journal-key",
    "JOURNAL_PEPPER": "arn:aws-cn:secretsmanager:cn-northwest-1:000000000000:secret:puhui/journal-pepper",
    "REDEMPTION_STATE_MACHINE": "arn:aws-cn:states:cn-northwest-1:000000000000:stateMachine:puhui-redemption",
    "NOTICE_TEMPLATE_ID": "puhui-redemption-state",
    "CALLBACK_BASE": "https://api.puhui.example/v1",
    "CORRECTION_STATE_MACHINE": "arn:aws-cn:states:cn-northwest-1:000000000000:stateMachine:puhui-correction",
    "EXPIRY_STATE_MACHINE": "arn:aws-cn:states:cn-northwest-1:000000000000:stateMachine:puhui-expiry",
    "EXPORT_STATE_MACHINE": "arn:aws-cn:states:cn-northwest-1:000000000000:stateMachine:puhui-export",
    "ERASURE_STATE_MACHINE": "arn:aws-cn:states:cn-northwest-1:000000000000:stateMachine:puhui-erasure",
    "ERASURE_GRACE_SECONDS": "259200",
    "EXPORTS_BUCKET": "exports",
    "REPORT_STATE_MACHINE": "arn:aws-cn:states:cn-northwest-1:000000000000:stateMachine:puhui-report",
    "REMINDER_TEMPLATE_ID": "puhui-points-expiry",
    "TRIAL_STATE_MACHINE": "arn:aws-cn:states:cn-northwest-1:000000000000:stateMachine:puhui-trial",
    "POISON_QUEUE": "https://sqs.cn-northwest-1.amazonaws.com.cn/000000000000/puhui-journal-poison",
    "SETTLEMENT_STATE_MACHINE": "arn:aws-cn:states:cn-northwest-1:000000000000:stateMachine:puhui-settlement",
    "POSTING_STATE_MACHINE": "arn:aws-cn:states:cn-northwest-1:000000000000:stateMachine:puhui-posting",
    "SETTLEMENT_LAG_SECONDS": "60",
    "STATEMENTS_BUCKET": "puhui-statements",
    "PARTNER_FILES_BUCKET": "puhui-partner-files",
    "PARTNER_FILE_STATE_MACHINE": "arn:aws-cn:states:cn-northwest-1:000000000000:stateMachine:puhui-partner-file",
    "JWKS": json.dumps({"keys": []}),
    "TOKEN_ISSUER": "https://puhui.example",
    "WECHAT_APP_ID": "wx0000000000000000",
    "WECHAT_API_BASE": "http://127.0.0.1:1",
    "VERIFICATION_STATE_MACHINE": "arn:aws-cn:states:cn-northwest-1:000000000000:stateMachine:puhui",
}


@pytest.fixture
def function_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
