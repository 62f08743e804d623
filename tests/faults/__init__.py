"""What may go wrong around the work: kills, doubled messages, full disks, poisonous files."""
