"""The README's pictures, taken of a real gateway over the sample PACS: `make pictures`."""
