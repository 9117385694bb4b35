"""Estimators of D(P‖Q): count table in, point estimate and influence values out."""
