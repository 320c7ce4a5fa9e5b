"""A project is deleted: what goes, in which order, and what is left."""
