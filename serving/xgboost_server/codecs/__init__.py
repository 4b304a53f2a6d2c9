"""Request and answer formats, one file a format: bytes to rows of features, predictions to bytes.

Pure functions: no I/O, no model, no HTTP beyond the names of media types.
"""
