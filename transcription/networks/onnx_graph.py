"""Builder for ONNX graphs: one method a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

OPSET = 17
"""Old enough for every onnxruntime of the last years, new enough for all that our two networks use."""

Shape = tuple[int | str, ...]


class GraphBuilder:
    """Collects nodes and constants; a value is known by its name."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []

    def constant(self, array: NDArray[Any]) -> str:
        """Add a constant tensor."""
        from onnx import numpy_helper

        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def integers(self, *values: int) -> str:
        """Add a constant list of integers: axes, shapes, positions."""
        return self.constant(np.array(values, dtype=np.int64))

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output, whose name is returned; an empty input name leaves that input out."""
        from onnx import helper

        name = f"v{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def serialize(self, *, given: tuple[str, Shape], result: tuple[str, str, Shape]) -> bytes:
        """The finished model: `given` is the input's name and shape, `result` the value, its name and shape.

        A text in a shape stands for a length that may vary. Raises when the checker finds the graph unsound.
        """
        import onnx
        from onnx import TensorProto, helper

        value, name, shape = result
        nodes = [*self._nodes, helper.make_node("Identity", [value], [name])]
        graph = helper.make_graph(
            nodes,
            "hindsight",
            [helper.make_tensor_value_info(given[0], TensorProto.FLOAT, list(given[1]))],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))],
            self._constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())
