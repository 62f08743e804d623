"""What tests share: servers, processes, databases, factories."""
