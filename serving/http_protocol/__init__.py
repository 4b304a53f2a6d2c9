"""One HTTP/1.1 server and client on httptools and asyncio.Protocol, for the programs that serve predictions.

Nothing here knows what a model, a variant or SageMaker is, or imports another package of the project.
"""
