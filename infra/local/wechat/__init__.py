"""A stand-in of WeChat's mini-program platform: its wire protocol for the backend, a control side for people
and tests.

It imports nothing of the backend, so that both sides of the protocol are written twice and can disagree.
"""
