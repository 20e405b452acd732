"""DICOM's own nouns: UIDs and references, Part 10 elements, value representations, the DICOM JSON Model."""
