"""`make bench`: what the import engine costs, as ratios of things measured side by side."""
