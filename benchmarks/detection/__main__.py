"""``python -m benchmarks.detection``; see comparison.py."""

from benchmarks.detection.comparison import main

if __name__ == "__main__":
    main()
