"""What data partners send: batches, events and waiting records become members' acts."""
