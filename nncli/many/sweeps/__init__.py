"""Sweeps: many combinations of values of one config, trained here or elsewhere, and the best of them."""
