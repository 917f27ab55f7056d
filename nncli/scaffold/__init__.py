"""The first config: templates, and one written for a table after a look at its columns."""
