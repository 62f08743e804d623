"""Builds the speaker embedding network CAM++ (192 dimensions) as an ONNX graph.

The network is CAM++ of 3D-Speaker (Apache-2.0; Wang et al. 2023, "CAM++: A Fast and Efficient Network for
Speaker Verification Using Context-Aware Masking"): a small 2-D front end over the filter bank, three densely
connected blocks of dilated convolutions with context-aware masks, mean and deviation over time, one linear layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcription.networks.onnx_graph import GraphBuilder
from transcription.networks.torch_weights import Weights

BANDS = 80
EMBEDDING = 192

_BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers and dilation of each dense block
_CONTEXT_FRAMES = 100  # a mask looks at the mean of its hundred frames, and at the mean of all
_EPSILON = 1e-5  # of batch normalisation
_FLOAT = 1  # onnx.TensorProto.FLOAT


def build_embedding(weights: Weights) -> bytes:
    """The ONNX model: input `bands` [pieces, frames, 80] without its mean, output `voice` [pieces, 192]."""
    graph = GraphBuilder()
    value = graph.node("Transpose", "bands", perm=[0, 2, 1])
    value = _front_end(graph, weights, graph.node("Unsqueeze", value, graph.integers(1)))
    value = _convolve(
        graph, weights, "xvector.tdnn.linear", value, norm="xvector.tdnn.nonlinear.batchnorm", strides=[2], pads=[2, 2]
    )
    value = graph.node("Relu", value)
    hundreds = _Hundreds(graph, value)
    for block, (layers, dilation) in enumerate(_BLOCKS, start=1):
        for layer in range(1, layers + 1):
            new = _dense_layer(graph, weights, f"xvector.block{block}.tdnnd{layer}", value, dilation, hundreds)
            value = graph.node("Concat", value, new, axis=1)
        value = _normalize(graph, weights, f"xvector.transit{block}.nonlinear.batchnorm", value)
        value = _convolve(graph, weights, f"xvector.transit{block}.linear", graph.node("Relu", value))
    value = graph.node("Relu", _normalize(graph, weights, "xvector.out_nonlinear.batchnorm", value))
    value = _convolve(
        graph, weights, "xvector.dense.linear", _statistics(graph, value), norm="xvector.dense.nonlinear.batchnorm"
    )
    value = graph.node("Squeeze", value, graph.integers(2))
    return graph.serialize(given=("bands", ("pieces", "frames", BANDS)), result=(value, "voice", ("pieces", EMBEDDING)))


def _front_end(graph: GraphBuilder, weights: Weights, value: str) -> str:
    """Two residual stages that halve the bands each, then one more halving; channels and bands become one axis."""
    value = graph.node("Relu", _square(graph, weights, "head.conv1", "head.bn1", value, stride=1))
    for stage in ("head.layer1", "head.layer2"):
        for block, stride in (("0", 2), ("1", 1)):
            name = f"{stage}.{block}"
            inner = graph.node("Relu", _square(graph, weights, f"{name}.conv1", f"{name}.bn1", value, stride))
            inner = _square(graph, weights, f"{name}.conv2", f"{name}.bn2", inner, stride=1)
            if stride == 2:
                value = _convolve(
                    graph, weights, f"{name}.shortcut.0", value, norm=f"{name}.shortcut.1", strides=[2, 1]
                )
            value = graph.node("Relu", graph.node("Add", inner, value))
    value = graph.node("Relu", _square(graph, weights, "head.conv2", "head.bn2", value, stride=2))
    return graph.node("Reshape", value, graph.integers(0, 32 * BANDS // 8, -1))


def _dense_layer(
    graph: GraphBuilder, weights: Weights, name: str, value: str, dilation: int, hundreds: _Hundreds
) -> str:
    """A dilated convolution, each channel of it damped by what the context says matters."""
    value = graph.node("Relu", _normalize(graph, weights, f"{name}.nonlinear1.batchnorm", value))
    value = _convolve(graph, weights, f"{name}.linear1", value, norm=f"{name}.nonlinear2.batchnorm")
    value = graph.node("Relu", value)
    local = _convolve(
        graph, weights, f"{name}.cam_layer.linear_local", value, dilations=[dilation], pads=[dilation, dilation]
    )
    whole = graph.node("ReduceMean", value, axes=[2], keepdims=1)
    context = graph.node("Add", whole, hundreds.of(value))
    mask = graph.node("Relu", _convolve(graph, weights, f"{name}.cam_layer.linear1", context))
    mask = graph.node("Sigmoid", _convolve(graph, weights, f"{name}.cam_layer.linear2", mask))
    return graph.node("Mul", local, mask)


class _Hundreds:
    """Replaces each frame by the mean of its hundred frames; the last hundred may be shorter.

    Both the values and ones are padded with zeros and averaged, and divided: what a pooling node with
    `ceil_mode` divides a short last window by differs between runtimes.
    """

    def __init__(self, graph: GraphBuilder, value: str) -> None:
        """`value` has the length in frames that all later values have, too."""
        self._graph = graph
        self._zero = graph.constant(np.array(0, dtype=np.float32))
        self._padding = graph.integers(0, 0, 0, 0, 0, _CONTEXT_FRAMES - 1)
        self._length = graph.node("Slice", graph.node("Shape", value), graph.integers(2), graph.integers(3))
        shape = graph.node("Concat", graph.integers(1, 1), self._length, axis=0)
        self._filled = self._average(graph.node("Expand", graph.constant(np.ones((1, 1, 1), np.float32)), shape))

    def _average(self, value: str) -> str:
        padded = self._graph.node("Pad", value, self._padding, self._zero)
        return self._graph.node("AveragePool", padded, kernel_shape=[_CONTEXT_FRAMES], strides=[_CONTEXT_FRAMES])

    def of(self, value: str) -> str:
        graph = self._graph
        mean = graph.node("Unsqueeze", graph.node("Div", self._average(value), self._filled), graph.integers(3))
        spread = graph.node("Expand", mean, graph.integers(1, 1, 1, _CONTEXT_FRAMES))
        spread = graph.node("Reshape", spread, graph.integers(0, 0, -1))
        return graph.node("Slice", spread, graph.integers(0), self._length, graph.integers(2))


def _statistics(graph: GraphBuilder, value: str) -> str:
    """Mean and deviation (divided by frames less one) of every channel over time."""
    mean = graph.node("ReduceMean", value, axes=[2], keepdims=1)
    apart = graph.node("Sub", value, mean)
    square_sum = graph.node("ReduceSum", graph.node("Mul", apart, apart), graph.integers(2), keepdims=1)
    one = graph.constant(np.array(1, dtype=np.float32))
    frames = graph.node("Slice", graph.node("Shape", value), graph.integers(2), graph.integers(3))
    less_one = graph.node("Sub", graph.node("Cast", frames, to=_FLOAT), one)
    deviation = graph.node("Sqrt", graph.node("Div", square_sum, less_one))
    return graph.node("Concat", mean, deviation, axis=1)


def _scale_and_shift(weights: Weights, norm: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A trained batch normalisation as one multiplication and one addition a channel; the last has no own factors."""
    mean, variance = weights[f"{norm}.running_mean"], weights[f"{norm}.running_var"]
    scale = weights.get(f"{norm}.weight", np.ones_like(mean)) / np.sqrt(variance + _EPSILON)
    return scale, weights.get(f"{norm}.bias", np.zeros_like(mean)) - mean * scale


def _normalize(graph: GraphBuilder, weights: Weights, norm: str, value: str) -> str:
    scale, shift = (graph.constant(array[:, None]) for array in _scale_and_shift(weights, norm))
    return graph.node("Add", graph.node("Mul", value, scale), shift)


def _convolve(
    graph: GraphBuilder, weights: Weights, name: str, value: str, *, norm: str | None = None, **attributes: Any
) -> str:
    """A convolution, with the batch normalisation that follows it, if any, folded into its weights."""
    kernel = weights[f"{name}.weight"]
    bias = weights.get(f"{name}.bias", np.zeros(len(kernel), dtype=np.float32))
    if norm is not None:
        scale, shift = _scale_and_shift(weights, norm)
        kernel = kernel * scale.reshape(-1, *(1,) * (kernel.ndim - 1))
        bias = bias * scale + shift
    return graph.node("Conv", value, graph.constant(kernel), graph.constant(bias), **attributes)


def _square(graph: GraphBuilder, weights: Weights, name: str, norm: str, value: str, stride: int) -> str:
    """A 3 x 3 convolution with its normalisation; the stride is along the bands only."""
    return _convolve(graph, weights, name, value, norm=norm, strides=[stride, 1], pads=[1, 1, 1, 1])
