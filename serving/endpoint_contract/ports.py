"""The ports of a variant's pod."""

ROUTER_DATA = 8000
ROUTER_ADMIN = 8001
MODEL_SERVER = 8080
