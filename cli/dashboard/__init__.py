"""The page of the sales: what it shows, where that comes from, and who may see it."""
