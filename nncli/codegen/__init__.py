"""Source text of one network: its training step, written out number by number."""
