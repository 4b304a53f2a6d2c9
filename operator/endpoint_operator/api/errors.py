"""What goes wrong with a custom resource that the operator reads."""


class InvalidResource(ValueError):  # noqa: N818 - it names the state of the resource, not of the program
    """A resource that the schema should have refused; the API server of an older CRD may have let it through.

    ``field`` is the offending field's path as a user writes it (``spec.productionVariants[0].variantName``).
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
