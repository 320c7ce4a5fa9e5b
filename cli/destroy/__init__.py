"""A project is taken away: what goes, in which order, and what is left."""
