"""Many trainings of one config: the folds of a cross-validation, and different seeds."""
