"""The use case: two datasets and a choice of method in, a report out."""
