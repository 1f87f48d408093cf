"""Pure values that every context shares: ids, time, quantities, errors, pages, languages."""
