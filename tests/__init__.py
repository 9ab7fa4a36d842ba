"""Stories about a small cast and named broken files."""
