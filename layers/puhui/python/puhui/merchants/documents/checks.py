"""The platform checks what others will read or see: texts at once, pictures by a verdict that is pushed later."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from puhui.members import api as members
from puhui.merchants.dependencies import Dependencies, DocumentStore
from puhui.merchants.documents.model import PASSED, PENDING, PICTURE, Document
from puhui.wechat.api import Scene

ADDRESS_SECONDS = 3600  # the platform and readers fetch a file within the hour


def check_text(text: str, member_id: str, *, deps: Dependencies) -> None:
    """Raise ContentRisky unless the text passes the platform's check; UserAway, WeChatBusy."""
    members.require_fit(text, member_id, members=deps.members, wechat=deps.wechat())


def ask_for_pictures(
    documents: Sequence[Document], member_id: str, *, deps: Dependencies, store: DocumentStore
) -> tuple[Document, ...]:
    """The documents, each picture with the trace id of its check (``wechat.api.Verdicts`` has the verdict later)."""
    if all(each.kind != PICTURE for each in documents):
        return tuple(documents)
    openid = members.openid_of(member_id, members=deps.members)
    return tuple(
        replace(each, trace_id=_ask(each, openid, deps, store)) if each.kind == PICTURE else each
        for each in documents
    )


def _ask(document: Document, openid: str, deps: Dependencies, store: DocumentStore) -> str:
    address = store.address(document.object_key, ADDRESS_SECONDS)
    return deps.wechat().media_check_async(address, openid, Scene.PROFILE)


def verdict_on(document: Document, verdicts: Mapping[str, str]) -> str:
    """pass, review, risky, error, or pending."""
    return verdicts.get(document.trace_id, PENDING)


def is_public(document: Document, verdicts: Mapping[str, str]) -> bool:
    """Whether everybody may see it: a picture that passed."""
    return document.kind == PICTURE and verdict_on(document, verdicts) == PASSED
