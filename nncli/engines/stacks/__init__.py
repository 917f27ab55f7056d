"""Several trainings of one shape as one."""
