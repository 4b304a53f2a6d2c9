"""Fetches a model's artefact and unpacks it safely into the directory from which the model server loads it.

No HTTP is served here, nothing of Kubernetes is asked, and no byte of a model is ever interpreted or run.
"""
