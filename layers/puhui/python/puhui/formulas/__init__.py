"""Exact formulas over whole numbers with units: what quantification and the off-line verifier share."""
