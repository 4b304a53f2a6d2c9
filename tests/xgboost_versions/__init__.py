"""The server on every XGBoost that there is an image for, each in a virtual environment of its own.

Scripts here run in those environments, on numpy and xgboost alone; only files named test_ are for pytest.
"""
