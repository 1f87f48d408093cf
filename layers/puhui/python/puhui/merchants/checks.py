"""What others will read or see passes the platform's content check: texts at once, pictures by a verdict that is pushed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from puhui.members import api as members
from puhui.merchants.model import PASSED, PENDING, PICTURE, Document
from puhui.merchants.ports import Desk, DocumentStore
from puhui.wechat.api import Scene

ADDRESS_SECONDS = 3600  # the platform and whoever reads the papers fetch a file within the hour


def check_text(text: str, member_id: str, *, desk: Desk) -> None:
    """Raise ContentRisky unless the platform lets the text pass; UserAway, WeChatBusy."""
    members.require_fit(text, member_id, members=desk.members, wechat=desk.wechat())


def ask_for_pictures(
    documents: Sequence[Document], member_id: str, *, desk: Desk, store: DocumentStore
) -> tuple[Document, ...]:
    """The documents, each picture with the trace id under which its verdict will be found (``wechat.api.Verdicts``)."""
    if all(each.kind != PICTURE for each in documents):
        return tuple(documents)
    openid = members.openid_of(member_id, members=desk.members)
    return tuple(
        replace(each, trace_id=_ask(each, openid, desk, store)) if each.kind == PICTURE else each
        for each in documents
    )


def _ask(document: Document, openid: str, desk: Desk, store: DocumentStore) -> str:
    address = store.address(document.object_key, ADDRESS_SECONDS)
    return desk.wechat().media_check_async(address, openid, Scene.PROFILE)


def verdict_on(document: Document, verdicts: Mapping[str, str]) -> str:
    """pass, review, risky, error, or pending."""
    return verdicts.get(document.trace_id, PENDING)


def may_be_shown(document: Document, verdicts: Mapping[str, str]) -> bool:
    """Whether everybody may see it: a picture that passed."""
    return document.kind == PICTURE and verdict_on(document, verdicts) == PASSED
