"""Companies whose servers take orders for redemptions, over signed HTTP."""
