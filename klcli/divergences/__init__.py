"""Functionals of known distributions: closed forms, and what is computed where there is none."""
