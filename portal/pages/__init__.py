"""Pages that cross apps: home, dashboards, records behind a figure, search, audit."""
