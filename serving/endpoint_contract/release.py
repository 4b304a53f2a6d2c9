"""The release that all programs are of, and the tag of their images."""

VERSION = "0.1.0"
