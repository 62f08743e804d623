"""Background processing: pipeline, queue, `hindsight serve`, `analyse`, `demo`, `doctor`."""
