"""Confidence intervals, p-values and noise floors from a count table."""
