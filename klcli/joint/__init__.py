"""Several columns together: estimators of D(P‖Q) from rows."""
