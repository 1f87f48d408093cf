"""Merchants: their applications, what the authority decided about them."""
