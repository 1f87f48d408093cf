"""Branches, and who works for a merchant."""
