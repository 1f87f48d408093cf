"""DELETE /me/partner-bindings/{partner_id}: end a binding and the consent to it."""

from collections.abc import Callable

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.repository import Members
from puhui.members.usecases import put_consent
from puhui.partners.data_partners import binding, bindings
from puhui.partners.data_partners.repository import DataPartners
from puhui.store.session import Session

app = HttpFunction("unbind-partner")
PARTNERS = DataPartners.from_environment()
MEMBERS = Members.from_environment()


@app.operation("unbind_partner", "DELETE", "/me/partner-bindings/{partner_id}")
def unbind_partner(request: Request) -> Answer:
    partner_id = request.path["partner_id"]
    standing = PARTNERS.binding(request.member_id, partner_id)

    def consent(also: Callable[[Session], None]) -> object:
        return put_consent(
            request.member_id,
            bindings.purpose(partner_id),
            standing.terms[: bindings.VERSION_LETTERS] if standing else "0",
            granted=False,
            members=MEMBERS,
            now=request.now,
            also=lambda session, _: also(session),
        )

    binding.unbind(request.member_id, partner_id, consent=consent, partners=PARTNERS, now=request.now)
    return 204, None
