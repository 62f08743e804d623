"""What an IT person relies on: restarts, the proxy, containers, logs and metrics of whole deployments."""
