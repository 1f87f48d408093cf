"""What other contexts may use of the merchants.

Reads are methods of ``Merchants``: ``find_standing``, ``standings``, ``staff_of``, ``require_staff``, ``branch``,
``merchants_of_programme``, ``memberships_of``. ``merchant_key`` and ``standing_from`` join a standing to another context's read.
"""

from puhui.merchants.dynamo import Merchants, merchant_key, standing_from
from puhui.merchants.errors import MerchantNotCertified, MerchantNotFound, MerchantSuspended
from puhui.merchants.model import CERTIFIED, CLERK, MANAGER, OWNER, Branch, Staff, Standing, require_active

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
    "Staff",
    "Standing",
    "merchant_key",
    "require_active",
    "standing_from",
]
