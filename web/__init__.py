"""Pages and HTTP API (FastAPI)."""
