"""Neural networks as ONNX graphs, and the files of their weights."""
