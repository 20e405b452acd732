"""Importing scripts of the MIRC / CTP anonymizer: reading, judging and converting them. Nothing is ever run."""
