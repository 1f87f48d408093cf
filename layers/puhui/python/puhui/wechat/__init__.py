"""WeChat's mini-program platform: its wire protocol, and nothing of what we do with the answers."""
