"""POST /partner/binding-codes: a partner gets a code for its customer, signed."""

import os
from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.kernel import clock
from puhui.partners.data_partners import binding
from puhui.partners.data_partners.api import DataPartners, sent, signer

app = HttpFunction("register-binding-code")
PARTNERS = DataPartners.from_environment()
BASE = os.environ["CALLBACK_BASE"]
ALIAS_KEY = cache(binding.alias_key)


@app.operation("register_binding_code", "POST", "/partner/binding-codes")
def register_binding_code(request: Request) -> Answer:
    partner = signer(sent(request, BASE), request.request_id, partners=PARTNERS, now=request.now)
    made = binding.register(
        partner,
        request.body["subject"],
        request.body.get("state", ""),
        key=ALIAS_KEY(),
        partners=PARTNERS,
        now=request.now,
    )
    return 201, {
        "code": made.code,
        "member_ref": made.member_ref,
        "expires_at": clock.to_text(made.ends_at),
    }
