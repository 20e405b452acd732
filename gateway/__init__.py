"""The teaching-file gateway."""
