"""``python -m benchmarks.accuracy``; see comparison.py."""

from benchmarks.accuracy.comparison import main

if __name__ == "__main__":
    main()
