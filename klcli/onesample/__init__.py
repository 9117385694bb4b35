"""Estimates of D between a sample and a known distribution, whose side is used exactly."""
