"""The pipeline's stage functions, its graph, and the runner of one step."""
