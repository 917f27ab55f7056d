"""Errors, and how values and names are shown in messages."""
