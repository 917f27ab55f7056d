"""Error messages, and the formatting of values and names in them."""
