"""Alliance merchants: who honours rewards, who certified them, and who works there."""
