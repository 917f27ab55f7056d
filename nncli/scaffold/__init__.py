"""First configs: templates, and configs generated from a table."""
