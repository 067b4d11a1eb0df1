"""The console: what a developer sees of the sandbox, and may do with it."""
