"""What should exist in the cluster for an Endpoint, as plain dictionaries and frozen dataclasses.

Nothing here talks to a cluster, reads a clock or decides who gets traffic.
"""
