"""Training: a config becomes an experiment, and the loop trains it, report by report."""
