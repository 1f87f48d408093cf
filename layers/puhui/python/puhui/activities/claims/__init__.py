"""Acts that mature and wait: collected by their owner, in part by friends, or expired."""
