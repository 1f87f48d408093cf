"""What data partners hand in: records, one by one, in batches and in files."""
