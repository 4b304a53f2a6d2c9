"""What can go wrong here: a model that cannot be served, wrong settings, a request that is refused."""


class SettingsError(Exception):
    """The command line or the environment is wrong; the message names the option or the variable."""


class ModelLoadError(Exception):
    """The model directory cannot be served; the message names the file and says what would help."""


class RequestError(Exception):
    """A prediction request is refused; ``status`` and the message, as text, are the answer."""

    status = 500


class PayloadError(RequestError):
    """The content type or the payload cannot be read."""

    status = 415


class EvaluationError(RequestError):
    """The payload was read, but the model cannot predict from it."""

    status = 400

    def __init__(self, reason: str) -> None:
        super().__init__(f"Unable to evaluate payload provided: {reason}")


class AcceptError(RequestError):
    """No answer can be given in a form that the client accepts."""

    status = 406


class SelectionError(RequestError):
    """SAGEMAKER_INFERENCE_OUTPUT asks for what the model's predictions do not have."""

    status = 500

    def __init__(self, objective: str) -> None:
        super().__init__(f"Objective `{objective}` unsupported for selectable inference predictions.")


class BusyError(RequestError):
    """More large requests wait than memory should hold."""

    status = 503
