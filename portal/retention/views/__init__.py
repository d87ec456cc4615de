"""Pages of retention, one subject a module."""
