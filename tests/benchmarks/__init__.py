"""Commands that measure: start-up time, accuracy, coverage."""
