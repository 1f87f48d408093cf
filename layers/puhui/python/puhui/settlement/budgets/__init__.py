"""Sponsors' budgets and their fundings."""
