"""Profiles are made of data, and merged."""
