"""Builds pyannote's segmentation-3.0 (speaker activity in windows of 10 s, with overlap) as an ONNX graph.

The network is PyanNet of pyannote.audio (MIT, Copyright CNRS): learned band-pass filters (SincNet), four
bidirectional LSTM layers and three linear ones, over seven classes: nobody, A, B, C, A and B, A and C, B and C.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transcription.networks.onnx_graph import GraphBuilder
from transcription.networks.torch_weights import Weights

CLASSES = 7
LSTM_LAYERS = 4
HIDDEN = 128

_SAMPLE_RATE = 16_000
_LOWEST_HZ = 50.0
_NARROWEST_BAND_HZ = 50.0
_SLOPE = 0.01  # of LeakyReLU, PyTorch's default


def build_segmentation(weights: Weights) -> bytes:
    """The ONNX model: input `sound` [windows, 1, samples], output `probabilities` [windows, frames, 7]."""
    graph = GraphBuilder()
    value = _normalize(graph, weights, "sincnet.wav_norm1d", "sound")
    value = graph.node("Conv", value, graph.constant(_sinc_filters(weights)), strides=[10])
    value = _pool(graph, weights, "sincnet.norm1d.0", graph.node("Abs", value))
    for layer in (1, 2):
        kernel, bias = (weights[f"sincnet.conv1d.{layer}.{part}"] for part in ("weight", "bias"))
        value = graph.node("Conv", value, graph.constant(kernel), graph.constant(bias))
        value = _pool(graph, weights, f"sincnet.norm1d.{layer}", value)
    value = graph.node("Transpose", value, perm=[2, 0, 1])  # an LSTM reads [time, window, feature]
    for layer in range(LSTM_LAYERS):
        value = _lstm(graph, weights, layer, value)
    value = graph.node("Transpose", value, perm=[1, 0, 2])
    for name in ("linear.0", "linear.1"):
        value = graph.node("LeakyRelu", _linear(graph, weights, name, value), alpha=_SLOPE)
    value = graph.node("Softmax", _linear(graph, weights, "classifier", value), axis=-1)
    return graph.serialize(
        given=("sound", ("windows", 1, "samples")),
        result=(value, "probabilities", ("windows", "frames", CLASSES)),
    )


def _normalize(graph: GraphBuilder, weights: Weights, name: str, value: str) -> str:
    scale, bias = (graph.constant(weights[f"{name}.{part}"]) for part in ("weight", "bias"))
    return graph.node("InstanceNormalization", value, scale, bias, epsilon=1e-5)


def _pool(graph: GraphBuilder, weights: Weights, norm: str, value: str) -> str:
    pooled = graph.node("MaxPool", value, kernel_shape=[3], strides=[3])
    return graph.node("LeakyRelu", _normalize(graph, weights, norm, pooled), alpha=_SLOPE)


def _linear(graph: GraphBuilder, weights: Weights, name: str, value: str) -> str:
    product = graph.node("MatMul", value, graph.constant(weights[f"{name}.weight"].T))
    return graph.node("Add", product, graph.constant(weights[f"{name}.bias"]))


def _lstm(graph: GraphBuilder, weights: Weights, layer: int, value: str) -> str:
    """One bidirectional layer; its output [time, direction, window, hidden] becomes [time, window, 2 hidden]."""
    directions = (f"l{layer}", f"l{layer}_reverse")
    of_input = np.stack([_gates(weights[f"lstm.weight_ih_{d}"]) for d in directions])
    of_state = np.stack([_gates(weights[f"lstm.weight_hh_{d}"]) for d in directions])
    bias = np.stack(
        [np.concatenate([_gates(weights[f"lstm.bias_{part}_{d}"]) for part in ("ih", "hh")]) for d in directions]
    )
    constants = [graph.constant(array) for array in (of_input, of_state, bias)]
    output = graph.node("LSTM", value, *constants, hidden_size=HIDDEN, direction="bidirectional")
    output = graph.node("Transpose", output, perm=[0, 2, 1, 3])
    return graph.node("Reshape", output, graph.integers(0, 0, 2 * HIDDEN))


def _gates(stacked: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reorder the gates: PyTorch stacks input, forget, cell, output; ONNX wants input, output, forget, cell."""
    of_input, forget, cell, output = np.split(stacked, 4)
    return np.concatenate([of_input, output, forget, cell])


def _sinc_filters(weights: Weights) -> NDArray[np.float32]:
    """Forty cosine and forty sine band-pass filters of 251 samples [80, 1, 251] from their learned edges in Hz.

    After `ParamSincFB` of asteroid-filterbanks, which follows Ravanelli and Bengio 2018 and Pariente et al. 2020.
    """
    bank = "sincnet.conv1d.0.filterbank."
    low = _LOWEST_HZ + np.abs(weights[bank + "low_hz_"])
    high = np.clip(low + _NARROWEST_BAND_HZ + np.abs(weights[bank + "band_hz_"]), _LOWEST_HZ, _SAMPLE_RATE / 2)
    band = (high - low)[:, 0]
    left = weights[bank + "n_"]  # times before the centre, already multiplied by 2 pi / sample rate
    at_low, at_high = low @ left, high @ left
    window = weights[bank + "window_"]

    cosine = (np.sin(at_high) - np.sin(at_low)) / (left / 2) * window
    cosine = np.concatenate([cosine, 2 * band[:, None], cosine[:, ::-1]], axis=1)
    sine = (np.cos(at_low) - np.cos(at_high)) / (left / 2) * window
    sine = np.concatenate([sine, np.zeros_like(band)[:, None], -sine[:, ::-1]], axis=1)
    filters = np.concatenate([cosine, sine]) / (2 * np.concatenate([band, band]))[:, None]
    return np.asarray(filters[:, None, :], np.float32)
