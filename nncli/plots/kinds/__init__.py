"""The kinds of pictures, one file each: whether one fits a run, what it shows, and how that is drawn."""
