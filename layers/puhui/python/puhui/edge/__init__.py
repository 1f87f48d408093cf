"""The wrappers of handlers: HTTP operations, state-machine tasks, streams and schedules."""
