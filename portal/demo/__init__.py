"""An invented city to look at: every name, person and figure is made up, from a seed, and marked as a sample."""
