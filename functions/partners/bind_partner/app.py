"""POST /me/partner-bindings: bind a partner's account, with the member's consent."""

from collections.abc import Callable
from functools import cache

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.codes import Codes
from puhui.members.repository import Members
from puhui.members.usecases import put_consent
from puhui.partners.data_partners import binding, bindings
from puhui.partners.data_partners.errors import BindingCodeInvalid
from puhui.partners.data_partners.repository import DataPartners
from puhui.store.limits import Limits
from puhui.store.session import Session, attempt

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

    def consent(also: Callable[[Session], None]) -> object:
        """A child's guardian has said so before, or the child may not."""
        purpose, version = bindings.purpose(partner.id), partner.activated_hash[: bindings.VERSION_LETTERS]
        said = MEMBERS.find(request.member_id).consents.get(purpose)
        if said and said.granted:
            return attempt(MEMBERS.dynamodb, also)
        return put_consent(
            request.member_id,
            purpose,
            version,
            granted=True,
            members=MEMBERS,
            now=request.now,
            also=lambda session, _: also(session),
        )

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
