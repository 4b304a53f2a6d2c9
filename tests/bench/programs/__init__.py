"""Programs that the benchmark starts by their path, each in an environment that has its libraries and nothing else.

None of them imports anything of this repository.
"""
