"""Puhui: the backend of carbon-inclusion (tanpuhui) mini-programs."""
