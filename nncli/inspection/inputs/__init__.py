"""What a trained network makes of each input column of its table."""
