"""Several runs beside each other: settings, results, weights, and their list."""
