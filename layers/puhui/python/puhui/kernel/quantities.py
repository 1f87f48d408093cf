"""Amounts: integers in the smallest unit. mg of CO2 equivalent, points, fen. A float here is a defect."""

MG_PER_GRAM = 1000
AMOUNT_MAX = 10**15  # a gigatonne in mg; far from JavaScript's 2**53 and DynamoDB's 38 digits


def amount(value: object) -> int:
    """``value`` when it is an integer within bounds. Raises TypeError for floats, bools and strings."""
    if type(value) is not int:
        raise TypeError(f"an amount is an integer, not {type(value).__name__}")
    if not -AMOUNT_MAX <= value <= AMOUNT_MAX:
        raise ValueError("an amount is at most 10**15 either way")
    return value


def positive(value: object) -> int:
    """``value`` when it is an integer above zero."""
    if (checked := amount(value)) <= 0:
        raise ValueError("the amount must be above zero")
    return checked


def grams_text(milligrams: int) -> str:
    """``65500`` as ``65.5``: exact, without trailing zeros."""
    sign, rest = ("-", -milligrams) if milligrams < 0 else ("", milligrams)
    whole, part = divmod(rest, MG_PER_GRAM)
    return f"{sign}{whole}.{part:03}".rstrip("0").rstrip(".")
