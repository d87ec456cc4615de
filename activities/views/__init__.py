"""Pages of reports, one subject a module: filing, the organiser's home, reading, review."""
