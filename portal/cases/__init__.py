"""Published cases: a JSON file is read and judged whole (`reading`), then stored in one transaction (`writing`)."""
