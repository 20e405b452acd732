"""The evidence report: a planted corpus sent through both passes, and what of it is left."""
