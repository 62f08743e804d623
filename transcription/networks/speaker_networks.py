"""Runs the segmentation and embedding networks on onnxruntime, single-threaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from transcription.networks.model_files import embedding_model, segmentation_model
from transcription.speech.audio import SAMPLE_RATE, Samples

BANDS = 80  # of the Kaldi filter bank that CAM++ hears
SHORTEST_EMBEDDED = int(0.8 * SAMPLE_RATE)  # shorter sound is repeated


class SpeakerModels(Protocol):
    """What telling voices apart needs."""

    def segment(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return probabilities [windows, frames, 7] for sound [windows, samples]: none, A, B, C, AB, AC, BC."""

    def embed(self, samples: Samples) -> NDArray[np.float32]:
        """Return what a voice sounds like: 192 numbers of length 1."""


class OnnxSpeakerModels:
    """segmentation-3.0 and CAM++, prepared in the models folder on first use."""

    def __init__(self, models_dir: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False

        def load(path: Path) -> Any:
            return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

        self._segmentation = load(segmentation_model(models_dir))
        self._embedding = load(embedding_model(models_dir))

    def segment(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return probabilities [windows, frames, 7]."""
        return np.asarray(self._segmentation.run(None, {"sound": windows[:, None, :]})[0], np.float32)

    def embed(self, samples: Samples) -> NDArray[np.float32]:
        """Return 192 numbers of length 1."""
        repeats = -(-SHORTEST_EMBEDDED // max(1, len(samples)))
        bands = filter_bank(np.tile(samples, repeats) if repeats > 1 else samples)
        voice = np.asarray(self._embedding.run(None, {"bands": bands[None]})[0][0], np.float32)
        return voice / max(float(np.linalg.norm(voice)), 1e-9)


def filter_bank(samples: Samples) -> NDArray[np.float32]:
    """Return the Kaldi filter bank [frames, 80] without dither, its mean removed."""
    import kaldi_native_fbank as knf

    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.samp_freq = SAMPLE_RATE
    options.mel_opts.num_bins = BANDS
    bank = knf.OnlineFbank(options)
    bank.accept_waveform(SAMPLE_RATE, (samples * 32768).tolist())
    bank.input_finished()
    bands = np.stack([bank.get_frame(i) for i in range(bank.num_frames_ready)])
    return np.asarray(bands - bands.mean(axis=0), np.float32)
