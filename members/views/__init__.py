"""Pages of people and their duties, one subject a module."""
