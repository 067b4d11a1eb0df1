"""The adapters on real servers: what a framework adds to the core."""
