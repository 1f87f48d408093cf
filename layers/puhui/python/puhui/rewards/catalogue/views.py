"""Rewards as the contract answers them."""

from collections.abc import Mapping
from typing import Any

from puhui.kernel import clock
from puhui.merchants.api import Picture, PictureState
from puhui.rewards.catalogue.model import ADDRESS, OPERATOR, Offer, Reward


def offer_body(offer: Offer, states: Mapping[Picture, PictureState] | None = None) -> dict[str, Any]:
    """The contract's ``Reward``, with the pictures that passed (``pictures.states_of``)."""
    reward = offer.reward
    urls = [states[each].url for each in reward.pictures] if states else []
    body: dict[str, Any] = {
        "id": reward.id,
        "programme_id": reward.programme_id,
        "kind": reward.kind,
        "title": dict(reward.title),
        "price_points": reward.price_points,
        "stock_left": offer.stock_left,
        "per_member_limit": reward.per_member_limit,
        "state": reward.state,
    }
    more = {
        "per_day_limit": reward.per_day_limit,
        "opens_at": clock.to_text(reward.opens_at) if reward.opens_at else None,
        "closes_at": clock.to_text(reward.closes_at) if reward.closes_at else None,
        "description": dict(reward.description),
        "pictures": [url for url in urls if url],
        "regions": list(reward.regions),
        "merchant_id": reward.merchant_id,
        "queue": bool(reward.queue_shards),
        "cancellable": reward.cancellable or reward.delivery in (ADDRESS, OPERATOR),
        "delivery": reward.delivery,
    }
    return body | {name: value for name, value in more.items() if value}


def own_body(offer: Offer, states: Mapping[Picture, PictureState]) -> dict[str, Any]:
    """The contract's ``RewardTerms`` with what is left."""
    return {**terms_body(offer.reward, states), "stock_left": offer.stock_left}


def terms_body(reward: Reward, states: Mapping[Picture, PictureState] | None = None) -> dict[str, Any]:
    """The contract's ``RewardTerms``: what operators and the merchant see of a reward; the pictures' states where they were
    looked up (``pictures.states_of``)."""
    body: dict[str, Any] = {
        "id": reward.id,
        "programme_id": reward.programme_id,
        "kind": reward.kind,
        "title": dict(reward.title),
        "texts": {"title": dict(reward.title)}
        | ({"description": dict(reward.description)} if reward.description else {}),
        "price_points": reward.price_points,
        "stock": reward.stock,
        "per_member_limit": reward.per_member_limit,
        "state": reward.state,
        "shards": reward.shards,
        "version": reward.version,
    }
    more = {
        "per_day_limit": reward.per_day_limit,
        "description": dict(reward.description),
        "pictures": [_picture_body(each, (states or {}).get(each)) for each in reward.pictures],
        "regions": list(reward.regions),
        "merchant_id": reward.merchant_id,
        "partner_id": reward.partner_id,
        "queue_lanes": reward.queue_shards,
        "cancellable": reward.cancellable,
        "valid_days": reward.valid_days if reward.gives_coupons else None,
        "delivery": reward.delivery,
        "sponsor": {"budget_id": reward.budget_id, "fen": reward.fen} if reward.fen else None,
        "opens_at": clock.to_text(reward.opens_at) if reward.opens_at else None,
        "closes_at": clock.to_text(reward.closes_at) if reward.closes_at else None,
    }
    return body | {name: value for name, value in more.items() if value}


def _picture_body(picture: Picture, state: PictureState | None) -> dict[str, str]:
    body = {"document_id": picture.document_id}
    if state is None:
        return body
    return body | {"state": state.state} | ({"url": state.url} if state.url else {})
