"""The public log of what happened: entries that commit, checkpoints that an alliance cosigns, receipts for everybody."""
