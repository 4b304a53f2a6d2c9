"""Labels and annotations by which the operator, the routers and people find an endpoint's objects."""

DOMAIN = "pointsman.dev"

ENDPOINT = f"{DOMAIN}/endpoint"
"""On every object of an endpoint; its value is the Endpoint's name. Services pass it on to their EndpointSlices."""

VARIANT = f"{DOMAIN}/variant"
"""On the objects of one variant revision: the variantName exactly as written."""

REVISION = f"{DOMAIN}/revision"
"""On the objects of one variant revision: the revision's name, which is also its Deployment's and Service's."""

SERVING = f"{DOMAIN}/serving"
"""On the ControllerRevision whose variants serve now; the value is ``true``."""

RESTART = f"{DOMAIN}/restart"
"""Annotation that a user sets on an Endpoint: any new value rolls all of its pods, make-before-break."""

MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "pointsman"
"""The value of ``app.kubernetes.io/managed-by`` and the field manager of every write."""
