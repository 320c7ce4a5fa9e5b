"""How what a command found is shown."""
