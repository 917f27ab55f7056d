"""Using a run: predictions, measures by class and label, conditions on results, rows left out."""
