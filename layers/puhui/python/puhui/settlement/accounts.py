"""The ledger accounts that settlement moves money between. Money is fen of the asset CNY.

A sponsor's money is in ``budget:<budget>``, is reserved for a reward's pieces in ``committed:<reward>``, becomes the merchant's in
``merchant:<merchant>`` and leaves through ``bank:<programme>``.
"""

ASSET = "CNY"


def account_of(budget_id: str) -> str:
    """A budget's account."""
    return f"budget:{budget_id}"


def committed_account(reward_id: str) -> str:
    """What is reserved for the pieces of a reward."""
    return f"committed:{reward_id}"


def merchant_account(merchant_id: str) -> str:
    """What a merchant is owed: approved and not yet paid."""
    return f"merchant:{merchant_id}"


def bank(programme_id: str) -> str:
    """The operator's bank: money that comes in from sponsors and goes out to merchants."""
    return f"bank:{programme_id}"
