"""Applying, deciding, looking up."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from puhui.kernel import ids
from puhui.kernel.errors import IdempotencyKeyReused
from puhui.kernel.pages import Page
from puhui.merchants import checks
from puhui.merchants.dynamo import Merchants, application_from, decision_from, merchant_from, merchant_key
from puhui.merchants.errors import Made, MerchantDecided, MerchantNotFound, TooManyApplications
from puhui.merchants.model import (
    APPLICATIONS_MAX,
    APPLIED,
    CERTIFIED,
    CERTIFY,
    MANAGER,
    OWNER,
    PICTURE,
    RESUBMIT,
    REVISE,
    Application,
    Decision,
    Document,
    Merchant,
    Staff,
    Standing,
    check_legal_id,
    in_region,
    texts,
)
from puhui.merchants.ports import Desk, DocumentStore
from puhui.programmes import api as programmes
from puhui.store.cursors import Cursors
from puhui.store.session import Session, attempt

UPLOAD_SECONDS = 900


def prepare_document(
    member_id: str,
    body: Mapping[str, Any],
    *,
    key: str | None,
    body_hash: str,
    merchants: Merchants,
    store: DocumentStore,
    now: datetime,
) -> tuple[Document, dict[str, Any], datetime]:
    """Announce a document; the document, where to upload it, and until when. The same key names the same document.

    Raises NotAPicture, IdempotencyKeyReused.
    """
    document_id = ids.key_id(member_id, "merchant-document", key) if key else ids.new_id(now)
    document = Document(
        document_id, member_id, body["kind"], body["content_type"], body["size"], body["sha256"]
    )
    if document.kind == PICTURE:
        document.require_picture()
    session = Session(merchants.dynamodb)
    merchants.add_document(session, document, body_hash, now)
    with suppress(Made):
        session.commit()
    upload = store.upload(
        document.upload_key, document.content_type, document.size, document.sha256, UPLOAD_SECONDS
    )
    return document, upload, now + timedelta(seconds=UPLOAD_SECONDS)


@dataclass(frozen=True)
class HandIn:
    """An application, or what a merchant wants to show, as it came in. ``body`` fits the contract."""

    member_id: str
    body: Mapping[str, Any]
    key: str | None
    body_hash: str


def apply_as_merchant(command: HandIn, *, desk: Desk, store: DocumentStore, now: datetime) -> str:
    """Apply; the merchant's id. The applicant becomes its owner. The same key and body again name the same merchant.

    One transaction of 5 items and the documents, after the texts passed and the documents were found to be those announced.
    Raises ProgrammeNotFound, LegalIdInvalid, TooManyApplications, ContentRisky, DocumentNotFound, DocumentMissing,
    DocumentChanged, IdempotencyKeyReused.
    """
    merchants, member_id, body = desk.merchants, command.member_id, command.body
    programme = programmes.programme(body["programme_id"])
    merchant_id = ids.key_id(member_id, "merchant", command.key) if command.key else ids.new_id(now)
    digest = merchants.sealer.name_of(command.body_hash)
    has_room = merchants.has_room(member_id)  # first, so that a repetition of the last one finds itself
    stands = merchants.dynamodb.get(*merchant_key(merchant_id, merchants.table)) if command.key else None
    if stands:
        if stands["body_hash"] != digest:
            raise IdempotencyKeyReused
        _claim(merchants.find(merchant_id)[1].documents, store)
        return merchant_id
    if not has_room:
        raise TooManyApplications(limit=APPLICATIONS_MAX)
    application = _application(merchant_id, command, digest, desk, store)
    standing = Standing(
        merchant_id, programme.id, body["name"], body["kind"], APPLIED, tuple(body["regions"])
    )

    def build(session: Session) -> None:
        merchants.add_merchant(session, Merchant(standing, member_id, now), application)

    with suppress(Made):
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
    """A merchant that was certified before it came here, for whoever runs the deployment; one that stands stays as it is.

    ``body``: what an application holds, without documents. Raises ProgrammeNotFound, LegalIdInvalid, LegalIdTaken, OwnMerchant.
    """
    if stands := merchants.merchant(merchant_id):
        return stands
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
        merchants.add_merchant(session, merchant, application)

    with suppress(Made):
        attempt(merchants.dynamodb, build)
    return merchant


def resubmit(
    merchant_id: str, command: HandIn, *, desk: Desk, store: DocumentStore, now: datetime
) -> Merchant:
    """Hand in again after a refusal; sent twice it is handed in once.

    Raises MerchantNotFound (to strangers), Forbidden (to others than its owner), MerchantDecided, what applying raises.
    """
    merchants, body = desk.merchants, command.body
    merchants.require_staff(merchant_id, command.member_id, OWNER)
    digest = merchants.sealer.name_of(command.body_hash)
    decision = Decision(ids.new_id(now), RESUBMIT, command.member_id, now)
    has_room = merchants.has_room(command.member_id)
    merchant, stands = merchants.find(merchant_id)
    if _is_handed_in(merchant, stands, digest):
        _claim(stands.documents, store)
        return merchant
    merchant.after(decision)
    if not has_room:
        raise TooManyApplications(limit=APPLICATIONS_MAX)
    application = _application(merchant_id, command, digest, desk, store)

    def build(session: Session) -> Merchant:
        owner = merchants.require_staff(merchant_id, command.member_id, OWNER)
        before, present = merchants.find(merchant_id)
        if _is_handed_in(before, present, digest):
            return before
        after = before.after(decision)
        standing = replace(
            after.standing, name=body["name"], kind=body["kind"], regions=tuple(body["regions"])
        )
        after = replace(after, standing=standing)
        merchants.check_staff(session, owner)
        merchants.add_resubmission(session, before, after, replace(application, version=after.version))
        return after

    done = attempt(merchants.dynamodb, build)
    _claim(application.documents, store)
    return done


def revise(merchant_id: str, command: HandIn, *, desk: Desk, store: DocumentStore, now: datetime) -> Merchant:
    """What a certified merchant shows from now on: its description, and its pictures in this order; sent twice it is done once.

    Pictures that it has keep their verdicts, whoever handed them in; others are the caller's own. One transaction of 4 items and
    the new pictures. Raises MerchantNotFound (to strangers), Forbidden (to others than owners and managers of all branches),
    MerchantDecided, DocumentNotFound, NotAPicture, ContentRisky, DocumentMissing, DocumentChanged.
    """
    merchants, body = desk.merchants, command.body
    decision = Decision(ids.new_id(now), REVISE, command.member_id, now, body_hash=command.body_hash)

    def actor() -> Staff:
        staff = merchants.require_staff(merchant_id, command.member_id, OWNER, MANAGER)
        staff.require_branch("")
        return staff

    actor()
    merchant, stands = merchants.find(merchant_id)
    if merchant.after(decision) is merchant:
        _claim(stands.documents, store)
        return merchant
    pictures = {each.id: each for each in stands.documents if each.kind == PICTURE}
    new = merchants.documents(
        command.member_id, [each for each in body["picture_ids"] if each not in pictures]
    )
    for document in new:
        document.require_picture()
    pictures |= {each.id: each for each in _taken(new, command, desk, store)}

    def build(session: Session) -> Merchant:
        merchants.check_staff(session, actor())
        before, present = merchants.find(merchant_id)
        after = before.after(decision)
        if after is before:
            return before
        papers = [each for each in present.documents if each.kind != PICTURE]
        documents = (*papers, *(pictures[each] for each in body["picture_ids"]))
        application = replace(
            present, description=body["description"], documents=documents, version=after.version
        )
        merchants.add_revision(session, before, after, application, new)
        return after

    done = attempt(merchants.dynamodb, build)
    _claim(new, store)
    return done


def _claim(documents: Sequence[Document], store: DocumentStore) -> None:
    """Let the documents stay, once it is written who names them: when this fails, whoever sends it again does it."""
    for document in documents:
        store.claim(document.object_key)


def _is_handed_in(merchant: Merchant, application: Application, digest: str) -> bool:
    if merchant.status != APPLIED:
        return False
    if application.body_hash != digest:
        raise MerchantDecided(status=APPLIED)
    return True


def _application(
    merchant_id: str, command: HandIn, digest: str, desk: Desk, store: DocumentStore
) -> Application:
    merchants, body = desk.merchants, command.body
    check_legal_id(body["legal_id"])
    documents = merchants.documents(command.member_id, body["document_ids"])
    return Application(
        merchant_id,
        body["legal_id"],
        body.get("description", {}),
        _sealed(merchant_id, body, merchants),
        _taken(documents, command, desk, store),
        digest,
    )


def _taken(
    documents: Sequence[Document], command: HandIn, desk: Desk, store: DocumentStore
) -> tuple[Document, ...]:
    """The documents, kept, once the texts that came with them passed; the platform was asked about the pictures."""
    checks.check_text(texts(command.body), command.member_id, desk=desk)
    for document in documents:
        store.take(document)
    return checks.ask_for_pictures(documents, command.member_id, desk=desk, store=store)


def _sealed(merchant_id: str, body: Mapping[str, Any], merchants: Merchants) -> bytes:
    contact = json.dumps(body["contact"], ensure_ascii=False)
    return merchants.sealer.seal(contact, f"merchant:{merchant_id}", "contact")


@dataclass(frozen=True)
class Decide:
    """Somebody's decision as it came in; ``what`` is certify, refuse, suspend or reinstate. ``version``: which one was read,
    for those who decide about an application."""

    merchant_id: str
    what: str
    by: str
    key: str | None
    body_hash: str
    reason_code: str = ""
    note: str = ""
    version: int | None = None


def decide(command: Decide, *, merchants: Merchants, now: datetime) -> Decision:
    """Decide about a merchant; the decision. The same key and body, or the same person's same decision again, is one.

    One read and one transaction of 4 to 6 items. Raises MerchantNotFound, OwnMerchant (also to whoever was on its staff), ReasonRequired,
    LegalIdTaken, MerchantDecided, ApplicationChanged, SuspenderMayNotReinstate, IdempotencyKeyReused.
    """
    merchant_id, key = command.merchant_id, command.key
    made = Decision(
        ids.key_id(command.by, "merchant-decision", merchant_id, key) if key else ids.new_id(now),
        command.what,
        command.by,
        now.replace(microsecond=0),
        command.reason_code,
        command.note,
        command.body_hash,
    )

    def build(session: Session) -> Decision:
        item, papers, stands = merchants.dynamodb.get_all(
            [
                merchant_key(merchant_id, merchants.table),
                merchants.application_key(merchant_id),
                merchants.decision_key(merchant_id, made.id),
            ]
        )
        if item is None or papers is None:
            raise MerchantNotFound
        if stands is not None:
            if (stands["what"], stands["body_hash"]) != (made.what, made.body_hash):
                raise IdempotencyKeyReused
            return decision_from(stands)
        before = merchant_from(item)
        after = before.after(made, command.version)
        if after is before and before.last is not None:
            return before.last
        merchants.add_decision(session, before, after, application_from(papers).legal_id)
        return made

    try:
        return attempt(merchants.dynamodb, build)
    except Made:  # the same request, at the same moment
        return made


def list_merchants(
    programme_id: str,
    region: str | None,
    limit: int,
    cursor: str | None,
    *,
    merchants: Merchants,
    cursors: Cursors,
) -> Page[Merchant]:
    """A page of a programme's certified merchants: two reads. With a region, a page may hold fewer than ``limit``."""
    page = of_status(programme_id, CERTIFIED, limit, cursor, merchants=merchants, cursors=cursors)
    return Page([each for each in page.items if in_region(each.standing, region)], page.cursor)


def of_status(
    programme_id: str, status: str, limit: int, cursor: str | None, *, merchants: Merchants, cursors: Cursors
) -> Page[Merchant]:
    """A page of a programme's merchants of one status, by id: two reads. Raises ProgrammeNotFound, CursorInvalid."""
    programme = programmes.programme(programme_id)
    scope = f"merchants:{programme.id}:{status}"
    found, last = merchants.of_status(programme.id, status, limit, cursors.read_id(scope, cursor))
    return Page(found, cursors.write_id(scope, last))
