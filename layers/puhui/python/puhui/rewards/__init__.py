"""What points are good for: the catalogue, stock that cannot be oversold, redemptions."""
