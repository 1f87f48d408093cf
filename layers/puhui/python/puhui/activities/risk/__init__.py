"""How much an act asks for a second look: rules as data, what fires them, and what follows."""

ACT_REPEATED, DAY_LARGE, RANDOM_CHECK = "ACT_REPEATED", "DAY_LARGE", "RANDOM_CHECK"
