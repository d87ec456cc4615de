"""Writes of retention, one subject a module."""
