"""How acts that wait end: credited, or refused; and those that are held for some days before."""
