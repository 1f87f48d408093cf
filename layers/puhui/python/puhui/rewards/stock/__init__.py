"""The pieces of a reward, counted in shards."""
