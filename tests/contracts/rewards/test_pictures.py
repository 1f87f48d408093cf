"""Pictures of rewards: uploaded by whoever offers, put to the content check once, shown once they passed. On real tables and a
real bucket of the emulator."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import boto3
import httpx
import pytest

from puhui.kernel.errors import DomainError
from puhui.members.model import Member
from puhui.members.repository import Members
from puhui.merchants.dependencies import Dependencies
from puhui.merchants.documents.announcing import prepare_document
from puhui.merchants.documents.files import DocumentBucket
from puhui.merchants.documents.pictures import Pictures
from puhui.merchants.errors import DocumentChanged, DocumentMissing, DocumentNotFound, NotAPicture
from puhui.rewards.catalogue import offers, pictures
from puhui.rewards.catalogue.listing import STOCK_READS_MAX
from puhui.rewards.catalogue.model import Reward
from puhui.rewards.catalogue.terms import PICTURES_MAX, terms_from
from puhui.rewards.catalogue.usecases import get_reward, list_rewards
from puhui.rewards.catalogue.views import offer_body, own_body, terms_body
from puhui.rewards.errors import RewardIdTaken, RewardInvalid
from puhui.store import aws
from puhui.store.client import DynamoDB
from puhui.store.session import Session
from puhui.wechat.api import Verdicts, WeChat
from tests.contracts.merchants.conftest import Platform
from tests.contracts.rewards.conftest import CURSORS, NOW, P, Shop, Store, at_once, refused

TEA, CUP = b"\xff\xd8\xff\xe0 tea", b"\x89PNG\r\n\x1a\n cup"
TYPES = {TEA: "image/jpeg", CUP: "image/png"}
OPERATOR = "O" * 26


class Gallery:
    """A shop whose people upload pictures, and a platform that is asked about them."""

    def __init__(self, shop: Shop, members: Members, wechat_table: str, bucket: DocumentBucket) -> None:
        self.shop, self.store, self.members, self.bucket = shop, shop.open_store(), members, bucket
        self.platform, self.reads = Platform(), 0
        self.verdicts = Verdicts(DynamoDB(self._call), wechat_table)
        deps = Dependencies(shop.merchants, members, lambda: cast(WeChat, self.platform))
        self.pictures = Pictures(deps, bucket, self.verdicts)
        for who in (self.store.owner, self.store.manager, OPERATOR):
            self.sign_up(who)

    def _call(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.reads += operation == "BatchGetItem"
        return aws.call(service, operation, request)

    def sign_up(self, who: str) -> None:
        session = Session(self.members.dynamodb)
        openid = self.members.sealer.seal(who, who, "openid")
        self.members.add(session, Member(who, "name", ("member",), NOW, sealed_openid=openid), who)
        session.commit()

    def upload(self, who: str, data: bytes = TEA, kind: str = "picture", came: bytes | None = None) -> str:
        """Announce a document and upload it (b"": not at all); its id."""
        digest = hashlib.sha256(data).hexdigest()
        body = {"kind": kind, "content_type": TYPES[data], "size": len(data), "sha256": digest}
        document, form, _ = prepare_document(
            who, body, key=None, body_hash=digest, merchants=self.shop.merchants, store=self.bucket, now=NOW
        )
        if came != b"":
            file = {"file": ("picture", came or data, TYPES[data])}
            assert httpx.post(form["url"], data=form["fields"], files=file).is_success
        return document.id

    def handed_in(self, wanted: Reward, who: str) -> Reward:
        return pictures.submitted(wanted, who, rewards=self.shop.rewards, pictures=lambda: self.pictures)

    def propose(self, *ids: str, by: str = "", **changes: Any) -> Reward:
        """As the function does it."""
        document = self.shop.document(
            **{"id": "tea", "kind": "coupon", "merchant_id": self.store.id, "stock": 5, **changes}
        )
        wanted, who = terms_from({**document, "pictures": list(ids)}), by or self.store.manager
        offers.require_proposer(wanted, who, merchants=self.shop.merchants)
        return offers.propose(self.handed_in(wanted, who), who, rewards=self.shop.rewards, now=NOW)

    def put(self, *ids: str, by: str = OPERATOR, **changes: Any) -> Reward:
        """As an operator's PUT does it."""
        document = self.shop.document(
            **{"id": "tea", "kind": "coupon", "merchant_id": self.store.id, "stock": 5, **changes}
        )
        wanted = self.handed_in(terms_from({**document, "pictures": list(ids)}), by)
        return offers.put_reward(wanted, rewards=self.shop.rewards, ledger=self.shop.ledger, now=NOW)

    def judge(self, reward: Reward, *verdicts: str) -> None:
        """The platform's verdicts on a reward's pictures arrive."""
        for picture, verdict in zip(reward.pictures, verdicts, strict=True):
            self.verdicts.remember(picture.trace_id, verdict)

    def states(self, *rewards: Reward) -> Any:
        return pictures.states_of(rewards, pictures=lambda: self.pictures)

    def shown(self, reward_id: str = "tea") -> list[str]:
        """The addresses that members get."""
        offer = get_reward(reward_id, listing=self.shop.listing)
        found: list[str] = offer_body(offer, self.states(offer.reward)).get("pictures", [])
        return found

    def listed(self) -> list[Reward]:
        page = list_rewards(P, 50, None, listing=self.shop.listing, cursors=CURSORS)
        return [offer.reward for offer in page.items]


@pytest.fixture
def gallery(shop: Shop, make_table: Callable[[str], str], dynamodb_endpoint: str) -> Gallery:
    name = f"documents-{uuid.uuid4().hex[:12]}"
    where = {"LocationConstraint": "cn-north-1"}
    boto3.client("s3", endpoint_url=dynamodb_endpoint).create_bucket(
        Bucket=name, CreateBucketConfiguration=where
    )
    members = Members(DynamoDB(), make_table("members"), shop.merchants.sealer)
    return Gallery(shop, members, make_table("wechat"), DocumentBucket(name))


@pytest.fixture
def store(gallery: Gallery) -> Store:
    return gallery.store


def test_everybody_sees_a_picture_once_it_passed_and_a_risky_one_never(gallery: Gallery, store: Store):
    tea, cup = gallery.upload(store.manager), gallery.upload(store.manager, CUP)
    gallery.propose(tea, cup)
    reward = gallery.shop.publish()
    assert gallery.shown() == []
    gallery.judge(reward, "pass", "risky")
    (address,) = gallery.shown()
    assert httpx.get(address).content == TEA
    for verdict in ("review", "error"):  # a person should look; the platform could not tell
        gallery.judge(reward, "pass", verdict)
        assert len(gallery.shown()) == 1
    gallery.judge(reward, "risky", "pass")  # the platform's latest word counts
    assert [httpx.get(each).content for each in gallery.shown()] == [CUP]


def test_staff_and_operators_see_what_became_of_each(gallery: Gallery, store: Store):
    ids = [gallery.upload(store.manager) for _ in range(3)]
    reward = gallery.propose(*ids)
    assert terms_body(reward)["pictures"] == [{"document_id": each} for each in ids]
    gallery.verdicts.remember(reward.pictures[0].trace_id, "pass")
    gallery.verdicts.remember(reward.pictures[1].trace_id, "risky")
    page = offers.list_proposed(P, 20, None, listing=gallery.shop.listing, cursors=CURSORS)
    (told,) = [terms_body(each, gallery.states(each)) for each in page.items]
    assert [each["state"] for each in told["pictures"]] == ["passed", "refused", "pending"]
    assert httpx.get(told["pictures"][0]["url"]).content == TEA
    assert ["url" in each for each in told["pictures"]] == [True, False, False]
    own = offers.list_own(
        store.id,
        store.clerk,
        20,
        None,
        listing=gallery.shop.listing,
        merchants=gallery.shop.merchants,
        cursors=CURSORS,
    )
    (offer,) = own.items
    states = [each["state"] for each in own_body(offer, gallery.states(offer.reward))["pictures"]]
    assert states == ["passed", "refused", "pending"]


def test_nothing_is_asked_twice_whoever_hands_the_same_in_again(gallery: Gallery, store: Store):
    tea, cup = gallery.upload(store.manager), gallery.upload(store.owner, CUP)
    first = gallery.propose(tea)
    assert gallery.propose(tea) == first
    assert gallery.propose(tea, by=store.owner) == first  # the manager's picture stays
    assert len(gallery.platform.asked) == 1
    second = gallery.propose(cup, tea, cup, by=store.owner)
    assert [each.document_id for each in second.pictures] == [cup, tea]
    assert second.pictures[1] == first.pictures[0]
    assert len(gallery.platform.asked) == 2
    gallery.shop.publish()
    changed = gallery.put(tea, title={"zh-CN": "茶", "en": "Tea"})
    assert (changed.pictures, len(gallery.platform.asked)) == (first.pictures, 2)
    assert gallery.put().pictures == ()


def test_the_same_put_six_times_at_once_is_one_change(gallery: Gallery):
    tea = gallery.upload(OPERATOR)
    made = at_once([lambda: gallery.put(tea)] * 6)
    assert {(reward.version, reward.pictures) for reward in made if isinstance(reward, Reward)} == {
        (1, gallery.shop.offered().pictures)
    }
    assert refused(made) == []


def test_pictures_are_ones_own_and_arrived_as_announced(gallery: Gallery, store: Store):
    good, who = gallery.upload(store.manager), store.manager
    wrong: list[tuple[str, type[DomainError]]] = [
        (gallery.upload(store.owner), DocumentNotFound),
        ("N" * 26, DocumentNotFound),
        (gallery.upload(who, kind="business_licence"), NotAPicture),
        (gallery.upload(who, came=b""), DocumentMissing),
        (gallery.upload(who, came=TEA.replace(b"t", b"T")), DocumentChanged),
    ]
    for document_id, error in wrong:
        with pytest.raises(error):
            gallery.propose(good, document_id)
    assert gallery.platform.asked == []
    assert gallery.shop.rewards.catalogue.reward("tea") is None


def test_a_name_that_nobody_handed_in_is_no_picture(gallery: Gallery, store: Store):
    with pytest.raises(RewardInvalid):
        gallery.shop.put_coupon(store, pictures=["tea-1"])
    tea = gallery.upload(OPERATOR)
    gallery.put(tea)
    assert gallery.shop.put(**_terms(gallery, [tea])).version == 1  # one that it has may be named anywhere


def test_anothers_reward_gives_no_pictures_away(gallery: Gallery, store: Store):
    tea = gallery.upload(store.manager)
    gallery.propose(tea)
    other = gallery.shop.open_store()
    with pytest.raises(RewardIdTaken):
        gallery.propose(tea, by=other.manager, merchant_id=other.id)
    with pytest.raises(DocumentNotFound):
        gallery.propose(tea, by=other.manager, merchant_id=other.id, id="theirs")


def test_a_picture_stays_what_it_was_when_it_was_handed_in(gallery: Gallery, store: Store):
    tea = gallery.upload(store.manager)
    gallery.judge(gallery.propose(tea), "pass")
    gallery.shop.publish()
    where = f"uploads/{store.manager}/{tea}"
    digest = hashlib.sha256(TEA.upper()).hexdigest()
    form = gallery.bucket.upload(where, "image/jpeg", len(TEA), digest, 60)
    file = {"file": ("picture", TEA.upper(), "image/jpeg")}
    assert httpx.post(form["url"], data=form["fields"], files=file).is_success
    assert [httpx.get(each).content for each in gallery.shown()] == [TEA]


def test_the_catalogue_and_the_table_agree_about_pictures(gallery: Gallery):
    reward = gallery.put(gallery.upload(OPERATOR), gallery.upload(OPERATOR, CUP))
    offer = get_reward("tea", listing=gallery.shop.listing)
    assert offer.reward == reward == gallery.shop.offered() == gallery.listed()[0]


def test_a_page_looks_all_verdicts_up_in_one_read_and_none_without_pictures(gallery: Gallery):
    gallery.shop.put()
    assert gallery.states(*gallery.listed()) == {}
    assert gallery.reads == 0
    for number in range(3):
        reward = gallery.put(gallery.upload(OPERATOR), id=f"tea-{number}")
        gallery.judge(reward, "pass")
    found = gallery.listed()
    states = gallery.states(*found)
    assert (len(found), len(states), gallery.reads) == (4, 3, 1)
    assert {each.state for each in states.values()} == {"passed"}


def test_a_page_ends_before_its_pictures_need_a_second_read(gallery: Gallery):
    model = gallery.put(gallery.upload(OPERATOR))
    full = tuple(
        replace(model.pictures[0], document_id=f"d{number}", trace_id=f"t{number}")
        for number in range(PICTURES_MAX)
    )
    for number in range(12):
        offers.put_reward(
            replace(model, id=f"u{number:02}", pictures=full), rewards=gallery.shop.rewards, now=NOW
        )
    first = list_rewards(P, 50, None, listing=gallery.shop.listing, cursors=CURSORS)
    rest = list_rewards(P, 50, first.cursor, listing=gallery.shop.listing, cursors=CURSORS)
    assert sum(len(offer.reward.pictures) for offer in first.items) == 1 + 11 * PICTURES_MAX
    assert 1 + 11 * PICTURES_MAX <= STOCK_READS_MAX
    assert [offer.reward.id for offer in rest.items] == ["u11"]


def _terms(gallery: Gallery, ids: list[str]) -> dict[str, Any]:
    return {"id": "tea", "kind": "coupon", "merchant_id": gallery.store.id, "stock": 5, "pictures": ids}
