"""A stand-in of a partner's server: takes signed orders, gives vouchers, answers later when told to.

It imports nothing of the backend, so that both sides of the protocol are written twice and can disagree.
"""
