"""Influence of each input column of a table on what a trained network predicts."""
