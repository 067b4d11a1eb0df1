"""What the hosts serve: one app per framework, a mount for every configuration in the data."""
