"""What may become of a merchant, and who may say so: pure rules."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from puhui.kernel.errors import DomainError, Forbidden
from puhui.merchants.applications.model import (
    APPLIED,
    CERTIFIED,
    CERTIFY,
    REFUSE,
    REFUSED,
    REINSTATE,
    RESUBMIT,
    REVISE,
    SUSPEND,
    SUSPENDED,
    Decision,
    Merchant,
    Standing,
    check_legal_id,
    in_region,
    require_active,
    require_region,
    sight,
)
from puhui.merchants.documents.model import Document, is_announced
from puhui.merchants.errors import (
    ApplicationChanged,
    LegalIdInvalid,
    MerchantDecided,
    MerchantNotCertified,
    MerchantNotFound,
    MerchantSuspended,
    OwnMerchant,
    ReasonRequired,
    RegionNotCertified,
    SuspenderMayNotReinstate,
)
from puhui.merchants.staff.model import CLERK, MANAGER, OWNER, Staff

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
STANDING = Standing("M" * 26, "carbon-88", {"zh-CN": "咖啡", "en": "Coffee"}, "business", APPLIED, ("CN-GD",))
MERCHANT = Merchant(STANDING, "applicant", NOW)


def decision(what: str, by: str = "officer", reason: str = "", note: str = "") -> Decision:
    return Decision(f"{what} by {by}", what, by, NOW + timedelta(hours=1), reason, note)


def of_status(status: str, last: Decision | None = None) -> Merchant:
    return replace(MERCHANT, standing=replace(STANDING, status=status), last=last)


STEPS = {
    (APPLIED, CERTIFY): CERTIFIED,
    (APPLIED, REFUSE): REFUSED,
    (REFUSED, RESUBMIT): APPLIED,
    (CERTIFIED, REVISE): CERTIFIED,
    (CERTIFIED, SUSPEND): SUSPENDED,
    (SUSPENDED, REINSTATE): CERTIFIED,
}


@pytest.mark.parametrize("what", [CERTIFY, REFUSE, RESUBMIT, REVISE, SUSPEND, REINSTATE])
@pytest.mark.parametrize("status", [APPLIED, CERTIFIED, REFUSED, SUSPENDED])
def test_each_status_takes_the_decisions_that_it_takes_and_no_others(status: str, what: str):
    merchant, made = of_status(status), decision(what, reason="PAPERS")
    if (status, what) in STEPS:
        after = merchant.after(made)
        assert (after.status, after.version, after.last) == (STEPS[status, what], 2, made)
    else:
        with pytest.raises(MerchantDecided) as refused:
            merchant.after(made)
        assert refused.value.details == {"status": status}


@pytest.mark.parametrize("what", [CERTIFY, REFUSE, SUSPEND, REINSTATE])
def test_whoever_applied_decides_nothing_about_it(what: str):
    for status in (APPLIED, CERTIFIED, SUSPENDED):
        with pytest.raises(OwnMerchant):
            of_status(status).after(decision(what, "applicant", "PAPERS"))


def test_a_refusal_says_why():
    with pytest.raises(ReasonRequired):
        MERCHANT.after(decision(REFUSE))


def test_the_same_persons_same_decision_again_is_one():
    certified = MERCHANT.after(decision(CERTIFY))
    assert certified.after(decision(CERTIFY)) is certified
    with pytest.raises(MerchantDecided):
        certified.after(decision(CERTIFY, "another officer"))
    with pytest.raises(MerchantDecided):
        certified.after(decision(CERTIFY, note="looked at it again"))


def test_what_is_certified_is_what_was_read():
    with pytest.raises(ApplicationChanged):
        MERCHANT.after(decision(CERTIFY), read=2)
    certified = MERCHANT.after(decision(CERTIFY), read=1)
    assert certified.after(decision(CERTIFY), read=1) is certified
    with pytest.raises(MerchantDecided):
        certified.after(decision(CERTIFY, "another officer"), read=1)


def test_one_revision_is_not_another_by_the_same_person():
    revised = of_status(CERTIFIED).after(replace(decision(REVISE), body_hash="one"))
    assert revised.after(replace(decision(REVISE), body_hash="one")) is revised
    assert revised.after(replace(decision(REVISE), body_hash="two")).version == revised.version + 1


def test_a_suspension_is_lifted_by_somebody_else():
    suspended = of_status(SUSPENDED, decision(SUSPEND, reason="COMPLAINTS"))
    with pytest.raises(SuspenderMayNotReinstate):
        suspended.after(decision(REINSTATE))
    assert suspended.after(decision(REINSTATE, "another officer")).status == CERTIFIED


def test_everybody_who_decided_is_remembered_and_staff_who_hand_in_again_or_revise_are_not():
    merchant = MERCHANT.after(decision(REFUSE, "one", "PAPERS")).after(decision(RESUBMIT, "applicant"))
    merchant = merchant.after(decision(CERTIFY, "two")).after(decision(REVISE, "applicant"))
    merchant = merchant.after(decision(REVISE, "manager")).after(decision(SUSPEND, "three", "COMPLAINTS"))
    assert merchant.deciders == {"one", "two", "three"}


def test_only_a_certified_merchant_honours_rewards():
    require_active(replace(STANDING, status=CERTIFIED))
    with pytest.raises(MerchantSuspended):
        require_active(replace(STANDING, status=SUSPENDED))
    for status in (APPLIED, REFUSED):
        with pytest.raises(MerchantNotCertified):
            require_active(replace(STANDING, status=status))


@pytest.mark.parametrize(
    "legal_id",
    ["91350100M000100Y43", "91110108551385082Q"],
)
def test_a_right_code_passes(legal_id: str):
    check_legal_id(legal_id)


@pytest.mark.parametrize(
    "legal_id",
    [
        "91350100M000100Y44",
        "93150100M000100Y43",
        "91350100M000100Y4",
        "91350100M000100Y433",
        "91350100M000100YI3",
        "9135010\u06f0M000100Y43",
        "",
    ],
)
def test_a_wrong_code_does_not(legal_id: str):
    with pytest.raises(LegalIdInvalid):
        check_legal_id(legal_id)


def test_every_slip_of_one_character_is_noticed():
    right = "91350100M000100Y43"
    for place in range(18):
        for character in "0123456789ABCDEFGHJKLMNPQRTUWXY".replace(right[place], ""):
            with pytest.raises(LegalIdInvalid):
                check_legal_id(right[:place] + character + right[place + 1 :])


OFFICER, OPERATING, NOBODY = frozenset({"authority_city"}), frozenset({"operator"}), frozenset({"member"})


def staff(role: str, branch_id: str = "") -> Staff:
    return Staff("somebody", STANDING.id, role, branch_id, NOW)


@pytest.mark.parametrize("status", [APPLIED, CERTIFIED, REFUSED, SUSPENDED])
def test_how_much_of_a_merchant_somebody_sees(status: str):
    merchant = of_status(status)
    assert sight(merchant, None, OFFICER) == "papers"
    assert sight(merchant, None, OPERATING) == "inside"
    assert [sight(merchant, staff(role), NOBODY) for role in (OWNER, MANAGER, CLERK)] == [
        "papers",
        "papers",
        "inside",
    ]
    if status in (CERTIFIED, SUSPENDED):
        assert sight(merchant, None, NOBODY) == "outside"
    else:
        with pytest.raises(MerchantNotFound):
            sight(merchant, None, NOBODY)


def test_who_invites_whom():
    assert staff(OWNER).may_invite(OWNER, "")
    assert not staff(OWNER).may_invite(OWNER, "tianhe")
    assert not staff(MANAGER).may_invite(OWNER, "")
    assert staff(OWNER).may_invite(MANAGER, "")
    assert staff(OWNER).may_invite(CLERK, "tianhe")
    assert staff(MANAGER).may_invite(CLERK, "tianhe")
    assert not staff(MANAGER).may_invite(MANAGER, "")
    assert staff(MANAGER, "tianhe").may_invite(CLERK, "tianhe")
    assert not staff(MANAGER, "tianhe").may_invite(CLERK, "")
    assert not staff(CLERK).may_invite(CLERK, "")


def test_a_place_at_one_branch_reaches_no_further():
    staff(MANAGER, "tianhe").require_branch("tianhe")
    staff(MANAGER).require_branch("yuexiu")
    with pytest.raises(Forbidden):
        staff(MANAGER, "tianhe").require_branch("yuexiu")
    with pytest.raises(Forbidden):
        staff(CLERK).require(OWNER, MANAGER)


@pytest.mark.parametrize(
    ("region", "serves"),
    [(None, True), ("CN-GD", True), ("CN", False), ("CN-BJ", False), ("CN-GDX", False), ("CN-GD-GZ", True)],
)
def test_a_merchant_serves_the_regions_that_it_names(region: str | None, serves: bool):
    assert in_region(STANDING, region) is serves


def test_a_merchant_of_the_whole_country_serves_each_province():
    assert in_region(replace(STANDING, regions=("CN",)), "CN-GD")


@pytest.mark.parametrize("status", [CERTIFIED, SUSPENDED])
def test_a_place_lies_in_the_regions_that_were_certified(status: str):
    standing = replace(STANDING, status=status, regions=("CN-GD-GZ", "CN-HI"))
    require_region(standing, "CN-GD-GZ")
    require_region(standing, "CN-HI-01")
    for region in ("CN-GD", "CN-GD-SZ", "CN"):
        with pytest.raises(RegionNotCertified):
            require_region(standing, region)


@pytest.mark.parametrize("status", [APPLIED, REFUSED])
def test_regions_that_were_only_applied_for_hold_no_branch(status: str):
    with pytest.raises(MerchantNotCertified):
        require_region(replace(STANDING, status=status), "CN-GD")


PDF = b"%PDF-1.7 a licence"


def document(data: bytes, content_type: str = "application/pdf") -> Document:
    return Document("D", "applicant", "other", content_type, len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize(
    ("announced", "content_type", "came", "same"),
    [
        (PDF, "application/pdf", [PDF], True),
        (PDF, "application/pdf", [PDF[:9], PDF[9:]], True),
        (b"\xff\xd8\xff\xe0 a photo", "image/jpeg", [b"\xff\xd8\xff\xe0 a photo"], True),
        (b"\x89PNG\r\n\x1a\n a photo", "image/png", [b"\x89PNG\r\n\x1a\n a photo"], True),
        (PDF, "image/png", [PDF], False),
        (b"<html>", "application/pdf", [b"<html>"], False),
        (PDF, "application/pdf", [PDF.replace(b"a", b"b")], False),
        (PDF, "application/pdf", [PDF, b"more"], False),
        (PDF, "application/pdf", [], False),
    ],
)
def test_a_file_is_the_one_that_was_announced_or_it_is_not(
    announced: bytes, content_type: str, came: list[bytes], same: bool
):
    assert is_announced(document(announced, content_type), came) is same


def test_every_error_speaks_both_languages():
    for error in (LegalIdInvalid(), OwnMerchant(), MerchantDecided(status=APPLIED)):
        assert isinstance(error, DomainError)
        assert error.text("zh-CN") != error.text("en")
