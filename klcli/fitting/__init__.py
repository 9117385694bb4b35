"""Fits families of distributions to data or to a known distribution, by forward or reverse KL."""
