"""What other contexts may use of the merchants.

Reads are methods of ``Merchants``: ``find_standing``, ``standings``, ``staff_of``, ``require_staff``, ``branch``,
``merchants_of_programme``, ``memberships_of``. ``merchant_key`` and ``standing_from`` join a standing to another context's read.
Pictures come by ``pictures``, which brings boto3 in: importing this does not.
"""

import importlib
from collections.abc import Sequence
from typing import Any, Protocol

from puhui.merchants.dynamo import Merchants, merchant_key, standing_from
from puhui.merchants.errors import MerchantNotCertified, MerchantNotFound, MerchantSuspended, OwnMerchant
from puhui.merchants.model import (
    CERTIFIED,
    CLERK,
    MANAGER,
    OWNER,
    Branch,
    Picture,
    PictureState,
    Staff,
    Standing,
    in_region,
    require_active,
)

__all__ = [
    "CERTIFIED",
    "CLERK",
    "MANAGER",
    "OWNER",
    "Branch",
    "MerchantNotCertified",
    "MerchantNotFound",
    "MerchantSuspended",
    "Merchants",
    "OwnMerchant",
    "Picture",
    "PictureState",
    "Pictures",
    "Staff",
    "Standing",
    "in_region",
    "merchant_key",
    "pictures",
    "require_active",
    "standing_from",
]


class Pictures(Protocol):
    """Pictures that members uploaded by ``POST /merchant/documents``, for contexts that keep ``Picture`` with what they show."""

    def hand_in(self, document_ids: Sequence[str], member_id: str) -> list[Picture]:
        """Keep the member's own pictures as they were announced and ask the platform about each; in this order, each once.

        One BatchGetItem, and for each picture a copy and a call. Again: asked again. Raises DocumentNotFound (404, also for
        somebody else's), NotAPicture, DocumentMissing, DocumentChanged, UserAway, WeChatBusy.
        """

    def states(self, pictures: Sequence[Picture]) -> dict[Picture, PictureState]:
        """What became of up to 100 pictures, with the address of those that passed: one BatchGetItem."""


def pictures() -> Pictures:
    """With MERCHANTS_TABLE, MEMBERS_TABLE, WECHAT_TABLE, MERCHANT_DOCUMENTS_BUCKET; handing in: DATA_SECRET and what
    ``wechat.api.connect`` needs. Build it once a process, on first use (``functools.cache(pictures)``)."""
    module: Any = importlib.import_module("puhui.merchants.pictures")
    connected: Pictures = module.Pictures.from_environment()
    return connected
