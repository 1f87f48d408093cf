"""What a programme offers for points: the rewards, their terms and their pictures."""
