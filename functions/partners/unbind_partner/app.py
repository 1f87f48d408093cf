"""DELETE /me/partner-bindings/{partner_id}: end a binding and the consent to it."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.members.api import Consent, Members
from puhui.partners.data_partners import binding, bindings
from puhui.partners.data_partners.bindings import Binding
from puhui.partners.data_partners.repository import DataPartners
from puhui.store.session import Session

app = HttpFunction("unbind-partner")
PARTNERS = DataPartners.from_environment()
MEMBERS = Members.from_environment()


@app.operation("unbind_partner", "DELETE", "/me/partner-bindings/{partner_id}")
def unbind_partner(request: Request) -> Answer:
    def consent(session: Session, ended: Binding) -> None:
        said = Consent(bindings.purpose(ended.partner_id), granted=False, version=ended.terms, at=request.now)
        MEMBERS.add_consent(session, request.member_id, said, request.now)

    binding.unbind(
        request.member_id,
        request.path["partner_id"],
        consent=consent,
        partners=PARTNERS,
        now=request.now,
    )
    return 204, None
