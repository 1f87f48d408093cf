"""Branches, and staff: invited by a signed code, removed by an owner."""

from datetime import datetime
from typing import Any

from puhui.kernel.errors import Forbidden
from puhui.kernel.pages import Page
from puhui.members.api import Codes, InvitationExpired, InvitationInvalid, Members
from puhui.merchants.applications.model import Standing, require_region
from puhui.merchants.applications.views import summary
from puhui.merchants.dependencies import Dependencies
from puhui.merchants.documents import checks
from puhui.merchants.errors import AlreadyOwner, BranchNotFound
from puhui.merchants.repositories import Merchants
from puhui.merchants.staff.model import INVITATION_LIFE, MANAGER, OWNER, Branch, Staff
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt


def put_branch(branch: Branch, member_id: str, *, deps: Dependencies) -> Branch:
    """Create or change a branch: by an owner or a manager of it, in a certified region, after its name and address passed the
    platform's check.

    Raises MerchantNotFound (to strangers), Forbidden, MerchantNotCertified, RegionNotCertified, ContentRisky, BranchesFull.
    """
    merchants = deps.merchants

    def actor() -> Staff:
        staff = merchants.require_staff(branch.merchant_id, member_id, OWNER, MANAGER)
        staff.require_branch(branch.id)
        return staff

    def build(session: Session) -> None:
        merchants.staff.check(session, actor())
        if merchants.branch(branch.merchant_id, branch.id):
            merchants.staff.put_branch(session, branch)
        else:
            merchants.staff.add_branch(session, branch)

    actor()
    require_region(merchants.find_standing(branch.merchant_id), branch.region)
    checks.check_text("\n".join([*branch.name.values(), branch.address]), member_id, deps=deps)
    attempt(merchants.dynamodb, build)
    return branch


def invite(
    merchant_id: str,
    member_id: str,
    role: str,
    branch_id: str,
    *,
    merchants: Merchants,
    codes: Codes,
    now: datetime,
) -> str:
    """The code by which others join the staff, for INVITATION_LIFE; nothing is stored.

    Raises MerchantNotFound (to strangers), Forbidden, BranchNotFound.
    """
    actor = merchants.require_staff(merchant_id, member_id)
    if not actor.may_invite(role, branch_id):
        raise Forbidden
    if branch_id and merchants.branch(merchant_id, branch_id) is None:
        raise BranchNotFound
    code = codes.write(_purpose(merchant_id, role, branch_id), member_id, now)
    return ".".join([code, merchant_id, role, branch_id])


def join(member_id: str, code: str, *, merchants: Merchants, codes: Codes, now: datetime) -> Staff:
    """Join the staff that a code invites to. Who is on it already gets the code's role; an owner stays owner.

    One read and one transaction of 3 to 5 items. Raises InvitationInvalid (also when the inviter may no longer invite, or for
    somebody who was removed since), InvitationExpired, AlreadyOwner, DeciderMayNotJoin, StaffFull.
    """
    signed, merchant_id, role, branch_id = (*code.split("."), "", "", "", "")[:4]
    invitation = codes.read(_purpose(merchant_id, role, branch_id), signed, now)
    if invitation.issued_at + INVITATION_LIFE <= now:
        raise InvitationExpired
    wanted = Staff(member_id, merchant_id, role, branch_id, now.replace(microsecond=0))

    def build(session: Session) -> Staff:
        inviter, present, gone_at = merchants.staff.find_for_joining(
            merchant_id, invitation.member_id, member_id
        )
        if inviter is None or not inviter.may_invite(role, branch_id):
            raise InvitationInvalid
        if present and present.same_place(wanted):
            return present
        if present and present.role == OWNER:
            raise AlreadyOwner
        if gone_at and invitation.issued_at <= gone_at:
            raise InvitationInvalid
        if inviter.member_id != member_id:
            merchants.staff.check(session, inviter)
        merchants.staff.check_gone(session, merchant_id, member_id, gone_at)
        merchants.staff.add(session, present, wanted)
        return wanted

    return attempt(merchants.dynamodb, build)


def remove(merchant_id: str, member_id: str, removed_id: str, *, merchants: Merchants, now: datetime) -> None:
    """Remove somebody, by an owner, or oneself. Repeating changes nothing. One transaction of 4 or 5 items.

    Raises MerchantNotFound (to strangers), Forbidden, LastOwner.
    """

    def build(session: Session) -> None:
        actor = merchants.require_staff(merchant_id, member_id)
        if removed_id != member_id:
            actor.require(OWNER)
            merchants.staff.check(session, actor)
        staff = merchants.staff_of(merchant_id, removed_id)
        if staff:
            merchants.staff.remove(session, staff, now)

    attempt(merchants.dynamodb, build)


def staff_page(
    merchant_id: str,
    member_id: str,
    limit: int,
    cursor: str | None,
    *,
    merchants: Merchants,
    members: Members,
    cursors: Cursors,
) -> Page[dict[str, Any]]:
    """A page of a merchant's staff with nicknames, for owners and managers: three reads. Raises MerchantNotFound, Forbidden."""
    merchants.require_staff(merchant_id, member_id, OWNER, MANAGER)
    scope = f"merchant-staff:{merchant_id}"
    found, last = merchants.staff.page(merchant_id, limit, cursors.read_id(scope, cursor))
    names = members.nicknames([each.member_id for each in found])
    items = [each.body() | {"nickname": names.get(each.member_id, "")} for each in found]
    return Page(items, cursors.write_id(scope, last))


def branches_page(
    merchant_id: str, limit: int, cursor: str | None, *, merchants: Merchants, cursors: Cursors
) -> Page[Branch]:
    """A page of a merchant's branches."""
    scope = f"merchant-branches:{merchant_id}"
    found, last = merchants.staff.branches(merchant_id, limit, cursors.read_id(scope, cursor))
    return Page(found, cursors.write_id(scope, last))


def my_merchants(
    member_id: str, limit: int, cursor: str | None, *, merchants: Merchants, cursors: Cursors
) -> Page[dict[str, Any]]:
    """A page of the merchants that the member works for: two reads."""
    scope = f"my-merchants:{member_id}"
    found, last = merchants.staff.memberships(member_id, limit, cursors.read_id(scope, cursor))
    standings = merchants.standings([each.merchant_id for each in found])
    items = [_place(each, standings[each.merchant_id]) for each in found]
    return Page(items, cursors.write_id(scope, last))


def _place(staff: Staff, standing: Standing) -> dict[str, Any]:
    place = {name: value for name, value in staff.body().items() if name not in ("member_id", "merchant_id")}
    return {"merchant": summary(standing)} | place


def _purpose(merchant_id: str, role: str, branch_id: str) -> str:
    return f"staff\0{merchant_id}\0{role}\0{branch_id}"
