"""Which Endpoints name which EndpointConfig, so that a config's event finds the endpoints it concerns."""

from collections.abc import Iterable

from endpoint_operator.reconcile.keys import Key


class ConfigUsers:
    """An index by what was last seen of each Endpoint; an Endpoint that is gone leaves nothing behind."""

    def __init__(self) -> None:
        self._config_of: dict[Key, Key] = {}
        self._users: dict[Key, set[Key]] = {}

    def note(self, endpoint: Key, config_name: str) -> None:
        """``endpoint`` names the config ``config_name`` of its own namespace now."""
        self.forget(endpoint)
        config = Key(endpoint.namespace, config_name)
        self._config_of[endpoint] = config
        self._users.setdefault(config, set()).add(endpoint)

    def forget(self, endpoint: Key) -> None:
        """``endpoint`` is gone."""
        config = self._config_of.pop(endpoint, None)
        if config is None:
            return
        self._users[config].discard(endpoint)
        if not self._users[config]:
            del self._users[config]

    def users(self, config: Key) -> Iterable[Key]:
        """The Endpoints that name ``config``, in a fixed order."""
        return sorted(self._users.get(config, ()))
