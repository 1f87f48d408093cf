"""What data partners send: batches, events and files of records, and records that wait, become members' acts."""
