"""Results as text. Pure functions: a report in, a string out."""
