"""Media processing with FFmpeg, PyAV and OpenCV: probe, rendition, audio, pictures, faces."""
