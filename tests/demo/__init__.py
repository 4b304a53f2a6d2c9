"""The story that the project exists for, told on a real cluster: two models, one endpoint, weights shifted live.

It uses the product only from outside: kubectl, helm and boto3's unmodified sagemaker-runtime client.
"""
