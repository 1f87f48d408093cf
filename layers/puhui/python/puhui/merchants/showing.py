"""Merchants as the contract shows them: to everybody, to those inside, to those who may read the papers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from puhui.kernel import clock
from puhui.merchants import checks
from puhui.merchants.dynamo import Merchants
from puhui.merchants.errors import MerchantNotFound
from puhui.merchants.model import PICTURE, TO, Application, Decision, Document, Merchant, Standing, sight
from puhui.merchants.ports import DocumentStore
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


def decision_shown(merchant_id: str, decision: Decision) -> dict[str, Any]:
    """What a decision made of a merchant."""
    told = {"id": merchant_id, "status": TO[decision.what], "decided_at": clock.to_text(decision.at)}
    return told | ({"reason_code": decision.reason_code} if decision.reason_code else {})


@dataclass(frozen=True)
class Shelf:
    """Where a merchant's papers, files and verdicts are."""

    merchants: Merchants
    store: DocumentStore
    verdicts: Verdicts


def merchant_shown(
    merchant_id: str, member_id: str, roles: frozenset[str], *, shelf: Shelf
) -> dict[str, Any]:
    """A merchant as this member may see it: 2 to 4 reads. Raises MerchantNotFound."""
    merchants = shelf.merchants
    merchant, application = merchants.find(merchant_id)
    seen = sight(merchant, merchants.staff_of(merchant_id, member_id), roles)
    pictures = [each.trace_id for each in application.documents if each.kind == PICTURE]
    verdicts = shelf.verdicts.of(pictures)
    told = summary(merchant.standing) | {
        "pictures": [
            {"document_id": each.id, "url": _address(each, shelf)}
            for each in application.documents
            if checks.may_be_shown(each, verdicts)
        ]
    }
    if application.description:
        told["description"] = dict(application.description)
    if seen == "outside":
        return told
    told |= {
        "applied_at": clock.to_text(merchant.applied_at),
        "history": [each.shown() for each in merchants.history(merchant_id)],
    }
    if seen != "papers":
        return told
    texts = {"name": merchant.standing.name, "description": application.description}
    written = {name: dict(text) for name, text in texts.items() if text}
    return told | {"texts": written} | _papers(application, verdicts, shelf)


def _papers(application: Application, verdicts: Mapping[str, str], shelf: Shelf) -> dict[str, Any]:
    owner = f"merchant:{application.merchant_id}"
    return {
        "version": application.version,
        "legal_id": application.legal_id,
        "contact": json.loads(shelf.merchants.sealer.open(application.contact, owner, "contact")),
        "documents": [_document(each, verdicts, shelf) for each in application.documents],
    }


def _document(document: Document, verdicts: Mapping[str, str], shelf: Shelf) -> dict[str, Any]:
    told = {
        "id": document.id,
        "kind": document.kind,
        "content_type": document.content_type,
        "size": document.size,
        "sha256": document.sha256,
        "url": _address(document, shelf),
    }
    is_picture = document.kind == PICTURE
    return told | ({"content_check": checks.verdict_on(document, verdicts)} if is_picture else {})


def _address(document: Document, shelf: Shelf) -> str:
    return shelf.store.address(document.object_key, checks.ADDRESS_SECONDS)


def require_sight(merchant_id: str, member_id: str, roles: frozenset[str], *, merchants: Merchants) -> None:
    """Raise MerchantNotFound unless the member may see the merchant: 2 reads."""
    found = merchants.merchant(merchant_id)
    if found is None:
        raise MerchantNotFound
    sight(found, merchants.staff_of(merchant_id, member_id), roles)
