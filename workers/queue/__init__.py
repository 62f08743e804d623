"""The queue: broker, dispatcher, sweeper and worker process."""
