"""Pictures of several trainings: how seeds end, and the trials of a sweep."""
