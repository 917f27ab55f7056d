"""Check of somebody's own forward and backward functions, which names the mistake in them."""
