"""Pages and API: FastAPI on the rim of the other rooms."""
