"""Claim stores on services that several processes share."""
