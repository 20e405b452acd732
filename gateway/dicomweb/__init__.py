"""DICOMweb without I/O: media types, multipart, queries, responses (PS3.18)."""
