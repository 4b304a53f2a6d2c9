"""Which image serves a variant, and whether it is one of ours."""

from endpoint_operator.desired.defaults import Defaults


def model(given: str, defaults: Defaults) -> str:
    """The model server's image: the one that the variant names, else the installation's."""
    return given or defaults.model_image


def is_ours(image: str, defaults: Defaults) -> bool:
    """Whether ``image`` is the installation's model server, in any version."""
    return _repository(image) == _repository(defaults.model_image)


def _repository(image: str) -> str:
    name = image.partition("@")[0]
    path, slash, last = name.rpartition("/")
    return f"{path}{slash}{last.partition(':')[0]}"
