"""What live use promises, measured on real streams: `python -m benchmarks.live`."""
