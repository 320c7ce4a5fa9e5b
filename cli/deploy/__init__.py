"""A project is made: templates wired, code bundled, every stack to its desired state."""
