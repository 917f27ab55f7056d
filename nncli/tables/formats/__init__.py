"""Formats of table files, each read as text or rows."""
