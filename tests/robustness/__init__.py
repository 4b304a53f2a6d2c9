"""The real programs under load that goes on and under attack: what they must survive, and what it may cost.

Runs that take minutes are started by hand (``python -m tests.robustness.steady``); tests hold short forms of them.
"""
