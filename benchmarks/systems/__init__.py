"""The systems that are compared: each module trains a problem, in a process of its own."""
