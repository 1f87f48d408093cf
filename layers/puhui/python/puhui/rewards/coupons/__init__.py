"""What a merchant's staff take at the till."""
