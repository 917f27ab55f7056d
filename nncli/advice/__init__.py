"""Advice: why a training fails or learns nothing, and changes that were seen to help."""
