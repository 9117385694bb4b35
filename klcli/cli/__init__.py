"""The commands of ``kl``: parse, call, render. No statistics, no heavy import at module level."""
