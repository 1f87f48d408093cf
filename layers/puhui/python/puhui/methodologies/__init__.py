"""Methodologies: factors, formulas, versions, quantification, and why a number is what it is."""
