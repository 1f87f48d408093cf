"""The end of points: what ends when, reminders, donation before expiry; and reports that reconcile points, rewards, budgets."""
