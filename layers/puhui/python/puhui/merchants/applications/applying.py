"""Apply, resubmit after a refusal, revise after the certification."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from puhui.kernel import ids
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.merchants.applications.model import (
    APPLICATIONS_MAX,
    APPLIED,
    CERTIFY,
    RESUBMIT,
    REVISE,
    Application,
    Decision,
    Merchant,
    Standing,
    check_legal_id,
    texts,
)
from puhui.merchants.dependencies import Dependencies, DocumentStore
from puhui.merchants.documents import checks
from puhui.merchants.documents.model import PICTURE, Document
from puhui.merchants.errors import MerchantDecided, TooManyApplications
from puhui.merchants.repositories import Merchants
from puhui.merchants.staff.model import MANAGER, OWNER, Staff
from puhui.programmes import api as programmes
from puhui.store.conditions import AlreadyExists
from puhui.store.session import Session, attempt


@dataclass(frozen=True)
class Submission:
    """An application or a revision as it was sent. ``body`` fits the contract."""

    member_id: str
    body: Mapping[str, Any]
    key: str | None
    body_hash: str


def apply_as_merchant(
    submission: Submission, *, deps: Dependencies, store: DocumentStore, now: datetime
) -> str:
    """Apply: the merchant's id. The applicant becomes its owner. The same key and body name the same merchant.

    One transaction of 5 items and the documents, after the texts passed and the documents are those that were announced.
    Raises ProgrammeNotFound, LegalIdInvalid, TooManyApplications, ContentRisky, DocumentNotFound, DocumentMissing,
    DocumentChanged, IdempotencyKeyReused.
    """
    merchants, member_id, body = deps.merchants, submission.member_id, submission.body
    programme = programmes.programme(body["programme_id"])
    merchant_id = ids.key_id(member_id, "merchant", submission.key) if submission.key else ids.new_id(now)
    digest = merchants.sealer.name_of(submission.body_hash)
    has_room = merchants.applications.has_room(
        member_id
    )  # read first, so that a repeated request finds its merchant
    before = merchants.applications.body_hash(merchant_id) if submission.key else None
    if before is not None:
        if before != digest:
            raise IdempotencyKeyReused
        _claim(merchants.applications.find(merchant_id)[1].documents, store)
        return merchant_id
    if not has_room:
        raise TooManyApplications(limit=APPLICATIONS_MAX)
    application = _application(merchant_id, submission, digest, deps, store)
    standing = Standing(
        merchant_id, programme.id, body["name"], body["kind"], APPLIED, tuple(body["regions"])
    )

    def build(session: Session) -> None:
        merchants.applications.add(session, Merchant(standing, member_id, now), application)

    with suppress(AlreadyExists):
        attempt(merchants.dynamodb, build)
    _claim(application.documents, store)
    return merchant_id


def import_merchant(
    merchant_id: str,
    owner_id: str,
    certified_by: str,
    body: Mapping[str, Any],
    *,
    merchants: Merchants,
    now: datetime,
) -> Merchant:
    """Import a merchant that was certified elsewhere, for the operator of the deployment. An existing one is not changed.

    ``body``: an application without documents. Raises ProgrammeNotFound, LegalIdInvalid, LegalIdTaken, OwnMerchant.
    """
    if before := merchants.applications.get(merchant_id):
        return before
    check_legal_id(body["legal_id"])
    programme = programmes.programme(body["programme_id"])
    standing = Standing(
        merchant_id, programme.id, body["name"], body["kind"], APPLIED, tuple(body["regions"])
    )
    decision = Decision(ids.key_id("import-merchant", merchant_id), CERTIFY, certified_by, now)
    merchant = Merchant(standing, owner_id, now).after(decision)
    application = Application(
        merchant_id, body["legal_id"], body["description"], _sealed(merchant_id, body, merchants), ()
    )

    def build(session: Session) -> None:
        merchants.applications.add(session, merchant, application)

    with suppress(AlreadyExists):
        attempt(merchants.dynamodb, build)
    return merchant


def resubmit(
    merchant_id: str,
    submission: Submission,
    *,
    deps: Dependencies,
    store: DocumentStore,
    now: datetime,
) -> Merchant:
    """Resubmit after a refusal; sent twice it is resubmitted once.

    Raises MerchantNotFound (to strangers), Forbidden (to others than its owner), MerchantDecided, and what applying raises.
    """
    merchants, body = deps.merchants, submission.body
    merchants.require_staff(merchant_id, submission.member_id, OWNER)
    digest = merchants.sealer.name_of(submission.body_hash)
    decision = Decision(ids.new_id(now), RESUBMIT, submission.member_id, now)
    has_room = merchants.applications.has_room(submission.member_id)
    merchant, before = merchants.applications.find(merchant_id)
    if _is_submitted(merchant, before, digest):
        _claim(before.documents, store)
        return merchant
    merchant.after(decision)
    if not has_room:
        raise TooManyApplications(limit=APPLICATIONS_MAX)
    application = _application(merchant_id, submission, digest, deps, store)

    def build(session: Session) -> Merchant:
        owner = merchants.require_staff(merchant_id, submission.member_id, OWNER)
        before, present = merchants.applications.find(merchant_id)
        if _is_submitted(before, present, digest):
            return before
        after = before.after(decision)
        standing = replace(
            after.standing, name=body["name"], kind=body["kind"], regions=tuple(body["regions"])
        )
        after = replace(after, standing=standing)
        merchants.staff.check(session, owner)
        merchants.applications.add_resubmission(
            session, before, after, replace(application, version=after.version)
        )
        return after

    done = attempt(merchants.dynamodb, build)
    _claim(application.documents, store)
    return done


def revise(
    merchant_id: str,
    submission: Submission,
    *,
    deps: Dependencies,
    store: DocumentStore,
    now: datetime,
) -> Merchant:
    """Replace a certified merchant's description and pictures, in this order; sent twice it is done once.

    Pictures that it has keep their verdicts; others are the caller's own. One transaction of 4 items and the new pictures. Raises MerchantNotFound (to strangers), Forbidden (to others than owners and managers of all branches),
    MerchantDecided, DocumentNotFound, NotAPicture, ContentRisky, DocumentMissing, DocumentChanged.
    """
    merchants, body = deps.merchants, submission.body
    decision = Decision(ids.new_id(now), REVISE, submission.member_id, now, body_hash=submission.body_hash)

    def actor() -> Staff:
        staff = merchants.require_staff(merchant_id, submission.member_id, OWNER, MANAGER)
        staff.require_branch("")
        return staff

    actor()
    merchant, before = merchants.applications.find(merchant_id)
    if merchant.after(decision) is merchant:
        _claim(before.documents, store)
        return merchant
    pictures = {each.id: each for each in before.documents if each.kind == PICTURE}
    new = merchants.documents.find_all(
        submission.member_id, [each for each in body["picture_ids"] if each not in pictures]
    )
    for document in new:
        document.require_picture()
    pictures |= {each.id: each for each in _checked(new, submission, deps, store)}

    def build(session: Session) -> Merchant:
        merchants.staff.check(session, actor())
        before, present = merchants.applications.find(merchant_id)
        after = before.after(decision)
        if after is before:
            return before
        papers = [each for each in present.documents if each.kind != PICTURE]
        documents = (*papers, *(pictures[each] for each in body["picture_ids"]))
        application = replace(
            present, description=body["description"], documents=documents, version=after.version
        )
        merchants.applications.add_revision(session, before, after, application, new)
        return after

    done = attempt(merchants.dynamodb, build)
    _claim(new, store)
    return done


def _claim(documents: Sequence[Document], store: DocumentStore) -> None:
    """Keep the documents, once the application that names them is written. When this fails, repeating the request does it."""
    for document in documents:
        store.claim(document.object_key)


def _is_submitted(merchant: Merchant, application: Application, digest: str) -> bool:
    if merchant.status != APPLIED:
        return False
    if application.body_hash != digest:
        raise MerchantDecided(status=APPLIED)
    return True


def _application(
    merchant_id: str, submission: Submission, digest: str, deps: Dependencies, store: DocumentStore
) -> Application:
    merchants, body = deps.merchants, submission.body
    check_legal_id(body["legal_id"])
    documents = merchants.documents.find_all(submission.member_id, body["document_ids"])
    return Application(
        merchant_id,
        body["legal_id"],
        body.get("description", {}),
        _sealed(merchant_id, body, merchants),
        _checked(documents, submission, deps, store),
        digest,
    )


def _checked(
    documents: Sequence[Document], submission: Submission, deps: Dependencies, store: DocumentStore
) -> tuple[Document, ...]:
    """The documents, copied, after the texts passed the platform's check; the check of the pictures was requested."""
    checks.check_text(texts(submission.body), submission.member_id, deps=deps)
    for document in documents:
        store.take(document)
    return checks.ask_for_pictures(documents, submission.member_id, deps=deps, store=store)


def _sealed(merchant_id: str, body: Mapping[str, Any], merchants: Merchants) -> bytes:
    contact = json.dumps(body["contact"], ensure_ascii=False)
    return merchants.sealer.seal(contact, f"merchant:{merchant_id}", "contact")
