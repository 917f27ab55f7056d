"""Steps from a source to arrays: source -> Table -> Columns -> Dataset(X, Y)."""
