"""The benchmark: the router and the model server beside the programs that do the same job, in one run.

It starts the real programs and measures them from outside; nothing of their code is imported here.
"""
