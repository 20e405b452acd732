"""Pixels: decoding, transcoding, rendering, verdicts."""
