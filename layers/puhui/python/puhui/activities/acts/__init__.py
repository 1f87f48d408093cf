"""Acts and the days they count in: what was done, when, and how much of it fits."""
