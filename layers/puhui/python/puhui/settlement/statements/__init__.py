"""Merchants' statements: lines, adjustments, payment, and the files that merchants take away."""
