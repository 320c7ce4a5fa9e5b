"""The block on a terminal that is drawn in place, and its keys."""
