"""Reads tensors from a PyTorch checkpoint without PyTorch and without executing pickled code."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[np.float32]]

_STORAGE_TYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Inert:
    """Stands in for every class that a checkpoint names and we do not need: it holds nothing and does nothing."""

    def __init__(self, *_: object, **__: object) -> None:
        """Take and drop whatever the pickle passes."""

    def __setstate__(self, state: object) -> None:
        """Drop the state."""


def _tensor(
    storage: NDArray[Any], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> NDArray[Any]:
    """Do what `torch._utils._rebuild_tensor_v2` does; many LSTM tensors share one storage at their own offsets."""
    if not shape:
        return storage[offset : offset + 1].reshape(())
    bytes_apart = tuple(stride * storage.itemsize for stride in strides)
    view = np.lib.stride_tricks.as_strided(storage[offset:], shape=shape, strides=bytes_apart, writeable=False)
    return np.ascontiguousarray(view)


class _TensorUnpickler(pickle.Unpickler):
    """Knows ordered dicts, tensors and their storages; everything else becomes `_Inert`."""

    def __init__(self, pickled: IO[bytes], archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(pickled)
        self._archive = archive
        self._folder = folder

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _STORAGE_TYPES:
            return _STORAGE_TYPES[name]
        return _Inert

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        kind, dtype, key, _device, count = pid
        if kind != "storage" or not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError(f"unknown storage {pid!r}")
        raw = self._archive.read(f"{self._folder}/data/{key}")
        return np.frombuffer(raw, dtype=dtype, count=count)


def read_torch_weights(file: Path) -> Weights:
    """All float tensors of a `.pt` or `.bin` file by name, nested names joined with dots.

    Raises `pickle.UnpicklingError`, `zipfile.BadZipFile` or `KeyError` for a file of another shape.
    """
    with zipfile.ZipFile(file) as archive:
        pickled = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        folder = pickled.removesuffix("/data.pkl")
        content = _TensorUnpickler(io.BytesIO(archive.read(pickled)), archive, folder).load()
    state = content.get("state_dict", content)
    return {name: tensor for name, tensor in _tensors(state, "") if tensor.dtype == np.float32}


def _tensors(state: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, NDArray[Any]]]:
    for name, value in state.items():
        if isinstance(value, np.ndarray):
            yield prefix + name, value
        elif isinstance(value, Mapping):
            yield from _tensors(value, f"{prefix}{name}.")
