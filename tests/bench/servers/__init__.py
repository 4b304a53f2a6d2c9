"""How each model server is started and asked, one a file; all serve the same XGBoost model on one thread.

Requests are prepared beforehand in the form that each server reads fastest.
"""
