"""POST /me/partner-bindings: bind a partner's account, with the member's consent."""

from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.api import Codes, Consent, Members
from puhui.partners.data_partners import binding, bindings
from puhui.partners.data_partners.bindings import Binding
from puhui.partners.data_partners.errors import BindingCodeInvalid
from puhui.partners.data_partners.repository import DataPartners
from puhui.store.limits import Limits
from puhui.store.session import Session

app = HttpFunction("bind-partner")
PARTNERS = DataPartners.from_environment()
MEMBERS, LIMITS = Members.from_environment(), Limits.from_environment()
CODES = cache(Codes.from_environment)


@app.operation("bind_partner", "POST", "/me/partner-bindings")
def bind_partner(request: Request) -> Answer:
    partner = PARTNERS.find(request.body["partner_id"])
    state = request.body.get("state", "")
    if state:
        binding.require_own_state(partner.id, state, request.member_id, codes=CODES(), now=request.now)

    def consent(session: Session, made: Binding) -> None:
        said = Consent(bindings.purpose(partner.id), granted=True, version=made.terms, at=request.now)
        MEMBERS.add_consent(session, request.member_id, said, request.now)

    with LIMITS.guessing("invitation_guess", request.member_id, request.now, BindingCodeInvalid):
        made, is_new = binding.bind(
            request.member_id,
            partner,
            request.body["code"],
            state,
            consent=consent,
            partners=PARTNERS,
            now=request.now,
        )
    return 201 if is_new else 200, bindings.binding_body(made)
