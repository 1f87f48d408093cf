"""What a verifier may find wrong. The message says what, in words that can be shown."""


class Malformed(ValueError):
    """The bytes do not have the form that their specification asks for."""


class NotProved(ValueError):
    """The bytes are well-formed, but do not prove what they claim."""
