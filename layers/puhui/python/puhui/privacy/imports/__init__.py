"""A history from another deployment: checked against its log, kept beside the account."""
