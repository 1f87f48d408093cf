"""What other contexts may use of the merchants.

Reads are methods of ``Merchants``: ``find_standing``, ``standings``, ``staff_of``, ``require_staff``, ``branch``,
``merchants_of_programme``, ``memberships_of``, ``gone_key``. ``merchant_key`` and ``standing_from`` join a standing to another
context's read. ``pictures`` imports boto3; importing this module does not.
"""

import importlib
from collections.abc import Sequence
from typing import Any, Protocol

from puhui.merchants.applications.model import CERTIFIED, Standing, require_active
from puhui.merchants.applications.repository import standing_from
from puhui.merchants.documents.model import Picture, PictureState
from puhui.merchants.errors import MerchantNotFound, MerchantSuspended, OwnMerchant
from puhui.merchants.repositories import Merchants
from puhui.merchants.repository import merchant_key
from puhui.merchants.staff.model import MANAGER, OWNER, Staff

__all__ = [
    "CERTIFIED",
    "MANAGER",
    "OWNER",
    "MerchantNotFound",
    "MerchantSuspended",
    "Merchants",
    "OwnMerchant",
    "Picture",
    "PictureState",
    "Pictures",
    "Staff",
    "Standing",
    "merchant_key",
    "pictures",
    "require_active",
    "standing_from",
]


class Pictures(Protocol):
    """Pictures that members uploaded by ``POST /merchant/documents``, for contexts that store a ``Picture``."""

    def hand_in(self, document_ids: Sequence[str], member_id: str) -> list[Picture]:
        """Submit the member's own pictures as announced: the platform checks each one. In this order, each once.

        One BatchGetItem, and for each picture a copy and a call. Repeating asks the platform again. Raises DocumentNotFound (also
        for somebody else's), NotAPicture, DocumentMissing, DocumentChanged, UserAway, WeChatBusy.
        """

    def states(self, pictures: Sequence[Picture]) -> dict[Picture, PictureState]:
        """The state of up to 100 pictures, with the address of those that passed: one BatchGetItem."""


def pictures() -> Pictures:
    """With MERCHANTS_TABLE, MEMBERS_TABLE, WECHAT_TABLE, MERCHANT_DOCUMENTS_BUCKET; handing in: DATA_SECRET and what
    ``wechat.api.connect`` needs. Build it once a process, on first use (``functools.cache(pictures)``)."""
    module: Any = importlib.import_module("puhui.merchants.documents.pictures")
    connected: Pictures = module.Pictures.from_environment()
    return connected
