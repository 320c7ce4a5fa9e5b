"""The data plane: what flows from the stores to the data store, and how it is measured."""
