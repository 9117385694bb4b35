"""Models of P and Q on the cells of a count table."""
