"""What a partner, an order and an answer are, and how the bytes between us and a partner are read. Pure values."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from puhui.kernel import clock
from puhui.partners.errors import AnswerInvalid, ItemUnknown, PartnerInvalid

ISSUED, ACCEPTED, REFUSED = "issued", "accepted", "refused"
CANCELLED, NOT_CANCELLABLE = "cancelled", "not_cancellable"
UNKNOWN = "unknown"  # of a cancellation: the partner has no such order
ORDER, CANCELLATION, ANSWER = "order.placed", "order.cancelled", "order.answered"  # types of messages
REFERENCE_MAX, VOUCHER_MAX, REASON_MAX = 128, 4096, 500
URL_MAX = 1000  # the contract lets a partner's own address have 500
LOOPBACK_STAGES = frozenset({"local", "test"})

# What an answer to an order may say, by its HTTP status.
_ANSWERS = {200: ISSUED, 201: ISSUED, 202: ACCEPTED, 409: REFUSED, 422: REFUSED}


@dataclass(frozen=True)
class Secret:
    """One of a partner's secrets, sealed. ``until``: the moment it ends (None: it is the newest)."""

    id: str
    made_at: datetime
    until: datetime | None
    sealed: bytes = field(repr=False)

    def lives(self, now: datetime) -> bool:
        """Whether it still signs."""
        return self.until is None or now < self.until


@dataclass(frozen=True)
class Partner:
    """``url``: where its server is; ``answer_within_seconds``: how long an accepted order may wait for its answer;
    ``items``: its own names of what it gives (empty: unknown); ``version`` counts changes."""

    id: str
    programme_id: str
    name: Mapping[str, str]
    url: str
    answer_within_seconds: int
    items: tuple[str, ...] = ()
    secrets: tuple[Secret, ...] = field(default=(), repr=False)
    version: int = 0


@dataclass(frozen=True)
class Order:
    """What a partner is asked for. ``id`` names it for ever: the same id again is the same order. ``item``: the
    partner's own name of the good; ``callback_url``: where a later answer is sent ("": nowhere); ``delivery``: where the
    member wants it sent ({recipient, phone, address}; empty: nowhere), for nobody but the partner."""

    id: str
    programme_id: str
    reward_id: str
    item: str
    quantity: int
    ordered_at: datetime
    callback_url: str = ""
    delivery: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Answer:
    """``outcome``: issued | accepted (the answer comes later) | refused | cancelled | not_cancellable (it was issued).
    ``reference``: the partner's own; ``voucher`` is the member's secret: seal it, never log it."""

    outcome: str
    reference: str = ""
    voucher: str = field(default="", repr=False)
    reason: str = ""


@dataclass(frozen=True)
class Message:
    """A request to a partner's server, before it is signed. ``id`` is its webhook-id."""

    id: str
    url: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Reply:
    """What came back, at most as large as the client allows. ``retry_after``: the header of this name."""

    status: int
    body: bytes = field(repr=False)
    retry_after: str = ""


def order_message(partner: Partner, order: Order) -> Message:
    """``POST <url>/orders``. The same order gives the same bytes."""
    body = {
        "type": ORDER,
        "order_id": order.id,
        "programme_id": order.programme_id,
        "reward_id": order.reward_id,
        "item": order.item,
        "quantity": order.quantity,
        "ordered_at": clock.to_text(order.ordered_at),
    }
    more = {"callback_url": order.callback_url, "delivery": dict(order.delivery)}
    body |= {name: value for name, value in more.items() if value}
    return Message(order.id, f"{partner.url}/orders", _bytes(body))


def cancellation_message(partner: Partner, order_id: str) -> Message:
    """``POST <url>/orders/{order_id}/cancellation``. Its body names the order: a signature covers no path."""
    url = f"{partner.url}/orders/{quote(order_id, safe='')}/cancellation"
    return Message(f"{order_id}-cancellation", url, _bytes({"type": CANCELLATION, "order_id": order_id}))


def answer_to_order(reply: Reply) -> Answer | None:
    """What the partner answered to an order; None when it cannot be read."""
    return _answer(_object(reply.body), _ANSWERS.get(reply.status))


def answer_to_cancellation(reply: Reply, *, known: bool) -> Answer | None:
    """What the partner answered to a cancellation; None when it cannot be read. An order that is unknown to it is
    cancelled, unless it is ``known``: the partner has confirmed it to us before."""
    status = (_object(reply.body) or {}).get("status")
    if (reply.status, status) == (200, CANCELLED) or (not known and (reply.status, status) == (404, UNKNOWN)):
        return Answer(CANCELLED)
    if (reply.status, status) == (409, ISSUED):
        return Answer(NOT_CANCELLABLE)
    return None


def later_answer(order_id: str, raw_body: bytes) -> Answer:
    """What a verified callback says: ``{"type": "order.answered", "order_id", "status": "issued" | "refused",
    "reference"?, "voucher"?, "reason"?}``. Raises AnswerInvalid, also when it answers another order: a signature covers
    no path."""
    said = _object(raw_body)
    if said is None or said.get("type") != ANSWER:
        raise AnswerInvalid(field="type")
    if said.get("order_id") != order_id:
        raise AnswerInvalid(field="order_id")
    status = said.get("status")
    answer = _answer(said, status) if status in (ISSUED, REFUSED) else None
    if answer is None:
        raise AnswerInvalid(field="status, reference, voucher or reason")
    return answer


def require_url(url: str, stage: str) -> str:
    """The address without its closing slash. https, a host, nothing else; http for the loopback when the stage is local
    or test. Raises PartnerInvalid."""
    rule = _broken_rule(url, stage)
    if rule:
        raise PartnerInvalid(field="url", rule=rule)
    return url.rstrip("/")


def require_item(partner: Partner, item: str) -> None:
    """Raise ItemUnknown unless the partner gives this; one that has listed no items may give any."""
    if partner.items and item not in partner.items:
        raise ItemUnknown(item=item, partner_id=partner.id)


def is_open(address: str, stage: str) -> bool:
    """Whether we may connect to this IP address: one of the public internet, or the loopback when the stage is local or
    test. Private, link-local, multicast and reserved ones are refused, also where IPv6 carries them; tunnels are."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.sixtofour or ip.teredo or ip.is_site_local:
            return False
        ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped or ip
    if ip.is_loopback:
        return stage in LOOPBACK_STAGES
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _broken_rule(url: str, stage: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "not an address"
    if len(url) > URL_MAX or not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        return "plain ASCII, at most 1000 characters"
    if not host or port == 0 or "@" in parts.netloc or parts.query or parts.fragment:
        return "a host and a path only"
    is_local = host == "localhost" or _is_loopback(host)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local and stage in LOOPBACK_STAGES):
        return "https"
    if host == "localhost" and stage not in LOOPBACK_STAGES:
        return "a public host"
    if _is_ip(host) and not is_open(host, stage):
        return "a public host"
    return ""


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return _is_ip(host) and ipaddress.ip_address(host.partition("%")[0]).is_loopback


def _answer(said: Mapping[str, Any] | None, wanted: str | None) -> Answer | None:
    if said is None or wanted is None or said.get("status") != wanted:
        return None
    reference = _text(said, "reference", REFERENCE_MAX)
    voucher = _text(said, "voucher", VOUCHER_MAX)
    reason = _text(said, "reason", REASON_MAX)
    if reference is None or voucher is None or reason is None:
        return None
    if wanted == REFUSED:
        return Answer(REFUSED, reference, reason=reason)
    if not reference:
        return None
    return Answer(wanted, reference, voucher if wanted == ISSUED else "")


def _text(said: Mapping[str, Any], name: str, most: int) -> str | None:
    """A member's text, "" where it is not there; None when it is no text that can be kept."""
    value = said.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        return None
    return (
        None
        if any(letter < " " or letter == "\x7f" or "\ud800" <= letter <= "\udfff" for letter in value)
        else value
    )


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
