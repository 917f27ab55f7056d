"""The kinds of pictures, one file each: whether one fits a run, and how it is drawn."""
