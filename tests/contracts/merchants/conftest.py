"""Merchants on real tables, a bucket that is a dict, a platform that says what it is told, and some people."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from puhui.kernel import ids
from puhui.members.api import Codes
from puhui.members.model import Member
from puhui.members.repository import Members
from puhui.merchants.applications import applying, deciding
from puhui.merchants.applications.model import LEGAL_ID_CHARACTERS, Application, Decision, Merchant
from puhui.merchants.applications.views import ReadDependencies, merchant_body
from puhui.merchants.dependencies import Dependencies
from puhui.merchants.documents.announcing import prepare_document
from puhui.merchants.documents.model import Document, is_announced
from puhui.merchants.errors import DocumentChanged, DocumentMissing
from puhui.merchants.repositories import Merchants
from puhui.merchants.staff import usecases as staff
from puhui.merchants.staff.model import Staff
from puhui.store.client import DynamoDB
from puhui.store.cursors import Cursors
from puhui.store.sealing import Sealer
from puhui.store.session import Session
from puhui.wechat.api import Suggestion, TextVerdict, Verdicts, WeChat
from tests.support import gateway

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CODES, CURSORS = Codes(b"k" * 32), Cursors(b"c" * 32)
ANNA, BORA, CHEN, DANA, ERIK, FENG = (letter * 26 for letter in "ABCDEF")
PROGRAMME = "guangdong-tanpuhui"
PDF = b"%PDF-1.7 a licence"
PHOTO = b"\xff\xd8\xff\xe0 the shop"


@dataclass
class Files:
    """Documents in memory, by object key: the port of the bucket."""

    files: dict[str, bytes] = field(default_factory=dict)
    unclaimed: set[str] = field(default_factory=set)
    is_down: bool = False

    def upload(self, object_key: str, content_type: str, *_: object) -> dict[str, Any]:
        return {"url": "https://bucket.test", "fields": {"key": object_key, "Content-Type": content_type}}

    def address(self, object_key: str, _seconds: int) -> str:
        return f"https://bucket.test/{object_key}"

    def take(self, document: Document) -> None:
        if document.object_key in self.files:
            return
        found = self.files.get(document.upload_key)
        if found is None:
            raise DocumentMissing(document_id=document.id)
        if not is_announced(document, [found]):
            raise DocumentChanged(document_id=document.id)
        self.files[document.object_key] = found
        self.unclaimed.add(document.object_key)

    def claim(self, object_key: str) -> None:
        if self.is_down:
            raise OSError
        self.unclaimed.discard(object_key)

    def kept(self) -> set[str]:
        """The documents that were taken, claimed or not."""
        return {key for key in self.files if key.startswith("documents/")}


@dataclass
class Platform:
    """Content security that refuses the texts it was told to refuse, and remembers which pictures it was asked about."""

    risky: str = ""
    asked: list[str] = field(default_factory=list)

    def msg_sec_check(self, content: str, *_: Any, **__: Any) -> TextVerdict:
        is_risky = bool(self.risky) and self.risky in content
        return TextVerdict(Suggestion.RISKY if is_risky else Suggestion.PASS, 100, "trace")

    def media_check_async(self, media_url: str, *_: Any) -> str:
        self.asked.append(media_url)
        return f"trace-{len(self.asked)}"


def legal_id(number: int = 0) -> str:
    """A right unified social credit code, another one for each number."""
    body = f"91440100MA5{number:06}"
    total = sum(
        LEGAL_ID_CHARACTERS.index(character) * pow(3, place, 31) for place, character in enumerate(body)
    )
    return body + LEGAL_ID_CHARACTERS[-total % 31]


@dataclass
class Town:
    """The tables, the people, and what they do."""

    merchants: Merchants
    members: Members
    verdicts: Verdicts
    files: Files = field(default_factory=Files)
    platform: Platform = field(default_factory=Platform)

    @property
    def deps(self) -> Dependencies:
        return Dependencies(self.merchants, self.members, lambda: cast(WeChat, self.platform))

    def document(
        self,
        who: str = ANNA,
        data: bytes = PDF,
        kind: str = "business_licence",
        came: bytes | None = None,
        key: str | None = None,
    ) -> str:
        """Announce a document and upload it (b"": not at all); its id."""
        content_type = "image/jpeg" if data.startswith(b"\xff\xd8\xff") else "application/pdf"
        digest = hashlib.sha256(data).hexdigest()
        body = {"kind": kind, "content_type": content_type, "size": len(data), "sha256": digest}
        document, _, _ = prepare_document(
            who, body, key=key, body_hash=digest, merchants=self.merchants, store=self.files, now=NOW
        )
        if (uploaded := data if came is None else came) != b"":
            self.files.files[document.upload_key] = uploaded
        return document.id

    def body(self, document_ids: list[str], **more: Any) -> dict[str, Any]:
        return {
            "kind": "business",
            "name": {"zh-CN": "绿叶咖啡", "en": "Green Leaf Coffee"},
            "description": {"zh-CN": "自带杯", "en": "Bring your cup"},
            "legal_id": legal_id(),
            "contact": {"name": "陈小满", "phone": "13800000000"},
            "regions": ["CN-GD"],
            "document_ids": document_ids,
            "programme_id": PROGRAMME,
            **more,
        }

    def apply(
        self, who: str = ANNA, body: Mapping[str, Any] | None = None, key: str | None = None, **more: Any
    ) -> str:
        body = body or self.body([self.document(who)], **more)
        command = applying.Submission(who, body, key, _hash(body))
        return applying.apply_as_merchant(command, deps=self.deps, store=self.files, now=NOW)

    def resubmit(self, merchant_id: str, body: Mapping[str, Any], who: str = ANNA) -> str:
        command = applying.Submission(who, body, None, _hash(body))
        return applying.resubmit(merchant_id, command, deps=self.deps, store=self.files, now=NOW).status

    def revise(
        self, merchant_id: str, *picture_ids: str, who: str = ANNA, text: str = "And a cake"
    ) -> Merchant:
        body = {"description": {"zh-CN": "还有蛋糕", "en": text}, "picture_ids": list(picture_ids)}
        command = applying.Submission(who, body, None, _hash(body))
        return applying.revise(merchant_id, command, deps=self.deps, store=self.files, now=NOW)

    def decide(
        self,
        merchant_id: str,
        what: str,
        by: str = BORA,
        *,
        key: str | None = None,
        reason: str = "",
        note: str = "",
        version: int | None = None,
        now: datetime = NOW,
    ) -> Decision:
        command = deciding.DecisionRequest(
            merchant_id, what, by, key, _hash([what, reason, note]), reason, note, version
        )
        return deciding.decide(command, merchants=self.merchants, now=now)

    def certified(self, who: str = ANNA, **more: Any) -> str:
        merchant_id = self.apply(who, **more)
        self.decide(merchant_id, "certify")
        return merchant_id

    def status(self, merchant_id: str) -> str:
        return self.merchants.find_standing(merchant_id).status

    def invite(
        self, merchant_id: str, role: str = "clerk", branch: str = "", who: str = ANNA, now: datetime = NOW
    ) -> str:
        return staff.invite(merchant_id, who, role, branch, merchants=self.merchants, codes=CODES, now=now)

    def join(self, who: str, code: str, now: datetime = NOW) -> Staff:
        return staff.join(who, code, merchants=self.merchants, codes=CODES, now=now)

    def remove(self, merchant_id: str, who: str, removed: str, now: datetime = NOW) -> None:
        staff.remove(merchant_id, who, removed, merchants=self.merchants, now=now)

    def seen(self, merchant_id: str, who: str = FENG, *roles: str) -> dict[str, Any]:
        reading = ReadDependencies(self.merchants, self.files, self.verdicts)
        told = merchant_body(merchant_id, who, frozenset(("member", *roles)), deps=reading)
        assert gateway.declares("get_merchant", 200, told)
        return told

    def after_the_second_look(self, act: Callable[[], None], patch: pytest.MonkeyPatch) -> None:
        """Do this once a merchant was found for the second time: by the transaction that is being built."""
        find, looks = self.merchants.applications.find, []

        def found(merchant_id: str) -> tuple[Merchant, Application]:
            seen = find(merchant_id)
            looks.append(seen)
            if len(looks) == 2:
                act()
            return seen

        patch.setattr(self.merchants.applications, "find", found)

    def counters(self, merchant_id: str) -> tuple[int, int]:
        """People and owners, as the merchant's item counts them."""
        key = {"owner": f"merchant:{merchant_id}", "entry": "merchant"}
        item = self.merchants.dynamodb.get(self.merchants.table, key) or {}
        return item["people"], item["owners"]


def _hash(body: Any) -> str:
    return ids.key_id(repr(body))


@pytest.fixture
def town(engine: str, make_table: Callable[[str], str]) -> Town:
    dynamodb, sealer = DynamoDB(), Sealer(b"k" * 32, b"p" * 32)
    members = Members(dynamodb, make_table("members"), sealer)
    for member_id in (ANNA, BORA, CHEN, DANA, ERIK, FENG):
        session = Session(dynamodb)
        member = Member(
            member_id,
            f"name of {member_id[0]}",
            ("member",),
            NOW,
            sealed_openid=sealer.seal(member_id, member_id, "openid"),
        )
        members.add(session, member, member_id)
        session.commit()
    merchants = Merchants(dynamodb, make_table("merchants"), sealer)
    return Town(merchants, members, Verdicts(dynamodb, make_table("wechat")))
