"""Divergences other than D(P‖Q), of one column, with intervals that hold near zero as well."""
