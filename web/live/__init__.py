"""Live updates of open pages: the hub, what each listener may be told, and the streams."""
