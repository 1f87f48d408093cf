"""Merchants in the shapes of the contract: for everybody, for insiders, for who may read the documents."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from puhui.kernel import clock
from puhui.kernel.pages import Page
from puhui.merchants.applications.model import (
    CERTIFIED,
    TO,
    Application,
    Decision,
    Merchant,
    Standing,
    in_region,
    sight,
)
from puhui.merchants.dependencies import DocumentStore
from puhui.merchants.documents import checks
from puhui.merchants.documents.model import PICTURE, Document
from puhui.merchants.errors import MerchantNotFound
from puhui.merchants.repositories import Merchants
from puhui.programmes import api as programmes
from puhui.store.cursors import Cursors
from puhui.wechat.api import Verdicts


def summary(standing: Standing) -> dict[str, Any]:
    """A merchant in a list."""
    return {
        "id": standing.id,
        "programme_id": standing.programme_id,
        "kind": standing.kind,
        "name": dict(standing.name),
        "regions": list(standing.regions),
        "status": standing.status,
    }


def application_summary(merchant: Merchant) -> dict[str, Any]:
    """A merchant in the authority's list."""
    return summary(merchant.standing) | {
        "applied_at": clock.to_text(merchant.applied_at),
        "version": merchant.version,
    }


def decision_body(merchant_id: str, decision: Decision) -> dict[str, Any]:
    """The answer to a decision."""
    body = {"id": merchant_id, "status": TO[decision.what], "decided_at": clock.to_text(decision.at)}
    return body | ({"reason_code": decision.reason_code} if decision.reason_code else {})


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
    found, last = merchants.applications.page(programme.id, status, limit, cursors.read_id(scope, cursor))
    return Page(found, cursors.write_id(scope, last))


@dataclass(frozen=True)
class ReadDependencies:
    """What reading a merchant needs: its table, its files, the platform's verdicts."""

    merchants: Merchants
    store: DocumentStore
    verdicts: Verdicts


def merchant_body(
    merchant_id: str, member_id: str, roles: frozenset[str], *, deps: ReadDependencies
) -> dict[str, Any]:
    """A merchant, as much of it as this member may see: 2 to 4 reads. Raises MerchantNotFound."""
    merchants = deps.merchants
    merchant, application = merchants.applications.find(merchant_id)
    seen = sight(merchant, merchants.staff_of(merchant_id, member_id), roles)
    pictures = [each.trace_id for each in application.documents if each.kind == PICTURE]
    verdicts = deps.verdicts.of(pictures)
    body = summary(merchant.standing) | {
        "pictures": [
            {"document_id": each.id, "url": _address(each, deps)}
            for each in application.documents
            if checks.is_public(each, verdicts)
        ]
    }
    if application.description:
        body["description"] = dict(application.description)
    if seen == "outside":
        return body
    body |= {
        "applied_at": clock.to_text(merchant.applied_at),
        "history": [each.body() for each in merchants.applications.history(merchant_id)],
    }
    if seen != "papers":
        return body
    texts = {"name": merchant.standing.name, "description": application.description}
    written = {name: dict(text) for name, text in texts.items() if text}
    return body | {"texts": written} | _papers(application, verdicts, deps)


def _papers(application: Application, verdicts: Mapping[str, str], deps: ReadDependencies) -> dict[str, Any]:
    owner = f"merchant:{application.merchant_id}"
    return {
        "version": application.version,
        "legal_id": application.legal_id,
        "contact": json.loads(deps.merchants.sealer.open(application.contact, owner, "contact")),
        "documents": [_document(each, verdicts, deps) for each in application.documents],
    }


def _document(document: Document, verdicts: Mapping[str, str], deps: ReadDependencies) -> dict[str, Any]:
    body = {
        "id": document.id,
        "kind": document.kind,
        "content_type": document.content_type,
        "size": document.size,
        "sha256": document.sha256,
        "url": _address(document, deps),
    }
    is_picture = document.kind == PICTURE
    return body | ({"content_check": checks.verdict_on(document, verdicts)} if is_picture else {})


def _address(document: Document, deps: ReadDependencies) -> str:
    return deps.store.address(document.object_key, checks.ADDRESS_SECONDS)


def require_sight(merchant_id: str, member_id: str, roles: frozenset[str], *, merchants: Merchants) -> None:
    """Raise MerchantNotFound unless the member may see the merchant: 2 reads."""
    found = merchants.applications.get(merchant_id)
    if found is None:
        raise MerchantNotFound
    sight(found, merchants.staff_of(merchant_id, member_id), roles)
