"""How a message that can't be accepted is told apart from one that can."""


class RefusedError(Exception):
    """The peer's message is refused; ``status`` is the answer that a server gives, ``reason`` says why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
