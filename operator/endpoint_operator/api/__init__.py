"""The two kinds, Endpoint and EndpointConfig, as pydantic models: the single source of the CRDs in ``crds/``.

Nothing here knows what is done with them: no Kubernetes client, no I/O but the generator's writing of files.
"""
