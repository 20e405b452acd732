"""The sample PACS: a folder of invented patients, drawn on first run, so that a newcomer has something to look at."""

from gateway.origin.sample.generator import generate
from gateway.origin.sample.identity import identifiers, kept_in_first_pass
from gateway.origin.sample.patients import PATIENTS

__all__ = ["PATIENTS", "generate", "identifiers", "kept_in_first_pass"]
