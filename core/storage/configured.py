"""Creates the storage that the settings name: a local folder or an S3-compatible bucket."""

from __future__ import annotations

from functools import cache

from core.settings import Settings, get_settings
from core.storage.base import Storage
from core.storage.local import LocalStorage


@cache
def get_storage() -> Storage:
    """Return the store of this process."""
    return open_storage(get_settings())


def open_storage(settings: Settings) -> Storage:
    """Return the store that the settings name: a folder, or a bucket."""
    if settings.s3_bucket:
        from core.storage.object_store import ObjectStorage

        return ObjectStorage(settings)
    return LocalStorage(settings.files_dir, settings.files_group_id)
