"""The end of a branch: prepared step by step, confirmed once, packed for the archive."""
