"""Who lives together, which caps they share, and which days of a home were reported."""
