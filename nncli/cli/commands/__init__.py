"""The commands: each module holds the function of its name, registered with `command`."""
