"""What to do about a reason, as the sentence that ends a message."""

from endpoint_contract import failures
from endpoint_operator.rollout import reasons

_BY_REASON = {
    failures.MODEL_DOWNLOAD_FAILED: "Check the variant's dataUrl and its credentialsSecret.",
    failures.MODEL_CHANGED: "The artefact behind dataUrl was replaced while in use: put the old one back, or roll "
    "out the new one with an EndpointConfig whose dataUrl is another.",
    failures.MODEL_ARCHIVE_REFUSED: "Pack the model again as a plain .tar.gz, or name a single model file.",
    failures.MODEL_LOAD_FAILED: "Check that the model file fits the model server's version.",
    failures.SETTINGS_REFUSED: "Check the variant's env.",
    reasons.IMAGE_PULL_FAILED: "Check the image's name and the variant's imagePullSecrets.",
    reasons.CONTAINER_CONFIG_FAILED: "Check that the Secrets the variant names exist.",
    reasons.CONTAINER_CRASHED: "See the pod's log: kubectl logs --previous.",
    reasons.OUT_OF_MEMORY: "Give the variant a higher memory limit.",
    reasons.UNSCHEDULABLE: "Add nodes, or lower what the variant requests.",
    reasons.POD_CREATION_FAILED: "Check the namespace's quotas and admission rules.",
    reasons.PROGRESS_DEADLINE_EXCEEDED: "See what its pods wait for: kubectl describe pod.",
    reasons.OBJECT_REFUSED: "Correct the field in an EndpointConfig of another name and set endpointConfigName to it.",
    reasons.OBJECT_FORBIDDEN: "Check the operator's rights, and the namespace's quotas and admission rules.",
    reasons.NAME_CONFLICT: "Delete or rename that object, or give the Endpoint another name.",
    reasons.CONFIG_NOT_FOUND: "Create it, or name another one in endpointConfigName.",
    reasons.CONFIG_INVALID: "Create a right one of another name and set endpointConfigName to it.",
    reasons.ALL_WEIGHTS_ZERO: "Give at least one variant a weight above 0.",
    reasons.UNKNOWN_VARIANT: "Remove the name from the spec, or correct it.",
    reasons.SCALED_TO_ZERO: "Set instanceCounts above 0 to serve again.",
}


def after(reason: str, message: str) -> str:
    """``message`` as a sentence, followed by what to do, where something can be done."""
    advice = _BY_REASON.get(reason)
    sentence = message if message.endswith((".", "…")) else f"{message}."
    return f"{sentence} {advice}" if advice else sentence
