"""What people read when something is wrong: errors, and how values and names are shown in them."""
