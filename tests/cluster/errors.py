"""The one exception of the harness: its message is meant to be read by the person at the terminal."""


class HarnessError(Exception):
    """Something of the machine or of the cluster is not as it must be; the message says what to do."""
