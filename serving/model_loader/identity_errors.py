"""What it means when a cloud gave the pod no credentials; like `store_errors`, read from obstore's text.

A pod's identity is its ServiceAccount's token, which AWS STS, EKS's pod identity agent or Microsoft Entra ID takes for
credentials; Google takes a token that a service account's key signed; the rest ask the machine that they run on.
"""

import re

from model_loader import statuses

_TOKEN_FILE = re.compile(r"(?:Failed to read|Error reading)(?: \w+)* token file")
# Nothing that is stored is ever asked for with a PUT or a POST.
_ASKED_THE_MACHINE = re.compile(r"Error performing (?:PUT \S+|GET \S*/latest/meta-data/\S*)")
_ASKED_A_SERVICE = re.compile(
    r"Error performing (?:POST |GET http://(?:169\.254\.170\.\d+|\[fd00:ec2::23\])[:/])"
)
_CODE = re.compile(r'<Code>(\w{1,64})</Code>|"error":\s*"(\w{1,64})"')

_MEANINGS = {
    "AccessDenied": "the role does not trust this pod's ServiceAccount",
    "InvalidIdentityToken": "the account does not know who issued this pod's token",
    "ExpiredTokenException": "this pod's token has expired",
    "unauthorized_client": "the application does not trust this pod's ServiceAccount",
    "invalid_client": "the application does not trust this pod's ServiceAccount",
    "invalid_grant": "the service account's key is not valid any more, or this machine's clock is wrong",
}


def explain(text: str) -> tuple[str, bool] | None:
    """Why there are no credentials, and whether another attempt may get some; None when it was not about them."""
    if _TOKEN_FILE.search(text):
        return "the file with this pod's token can't be read", False
    if _ASKED_THE_MACHINE.search(text):
        return "none are set, and asking for some failed", True
    if not _ASKED_A_SERVICE.search(text):
        return None
    status, code = statuses.find(text), _CODE.search(text)
    if status is None:
        return "the service that gives them can't be reached", True
    if code is None:
        return f"the service that gives them answered {status}", statuses.may_pass(status)
    word = code[1] or code[2]
    meaning = _MEANINGS.get(word, "the service that gives them refused this pod's identity")
    return f"{meaning} ({word})", statuses.may_pass(status)
