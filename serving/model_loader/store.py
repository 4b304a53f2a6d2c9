"""Which kind of store a location means."""

from collections.abc import Mapping

from model_loader import artefact, bucket_settings, data_url, local_store, object_store, store_settings


def opened(
    location: data_url.Location, environment: Mapping[str, str], *, stall_timeout: float
) -> artefact.Store:
    """The store for a location. Raises SettingsError; ``stall_timeout`` in seconds."""
    match location:
        case data_url.LocalFile():
            return local_store.LocalStore(location)
        case data_url.StoredObject():
            settings = bucket_settings.of_bucket(location, environment, stall_timeout)
        case data_url.WebFile():
            settings = store_settings.of_web_server(location, environment, stall_timeout)
    return object_store.ObjectStore(settings, stall_timeout)
