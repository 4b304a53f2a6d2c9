"""What the user is told: the Endpoint's status and the events, made from a snapshot and the plan for it.

No I/O and no clock; words that people read are written here and nowhere else.
"""
