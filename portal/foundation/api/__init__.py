"""What the REST API of every app stands on: pages by cursor, fields, strict input, read-only resources."""
