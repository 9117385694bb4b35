"""Profiles: what is kept of a dataset so that it can be compared later without its rows."""
