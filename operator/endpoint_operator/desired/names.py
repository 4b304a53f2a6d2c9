"""How the objects of an endpoint are called."""

MAX_LABEL = 63
HASH_DIGITS = 10


def service(endpoint: str) -> str:
    """The Service that clients call."""
    return endpoint


def routes(endpoint: str) -> str:
    """The ConfigMap with the route table."""
    return f"{endpoint}-routes"


def router(endpoint: str) -> str:
    """The routers' ServiceAccount, Role and RoleBinding."""
    return f"{endpoint}-router"


def roll_out(endpoint: str, content_hash: str) -> str:
    """The ControllerRevision of one rolled-out config."""
    return f"{endpoint}-{content_hash}"


def revision(endpoint: str, variant: str, revision_hash: str) -> str:
    """A variant revision: its Deployment, its headless Service and its model identity's ConfigMap.

    A DNS-1035 label: the readable part is cut to fit 63 characters, the hash never is.
    """
    readable = f"{endpoint}-{variant}".lower()[: MAX_LABEL - 1 - HASH_DIGITS].rstrip("-")
    return f"{readable}-{revision_hash}"


def url(endpoint: str, namespace: str) -> str:
    """Where clients inside the cluster reach the endpoint."""
    return f"http://{endpoint}.{namespace}.svc"
