"""Speaker diarization, roles, turns and the teacher's voice print."""
