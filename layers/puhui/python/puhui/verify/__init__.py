"""puhui-verify: checks what a log proves, with nothing but the log's files, a policy, and ``puhui.tlog``."""
