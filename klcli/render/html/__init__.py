"""One HTML file: no scripts, no network, readable in light, dark, on paper and on a phone."""
