"""Disputes: a merchant says that its statement is wrong; somebody else decides."""
