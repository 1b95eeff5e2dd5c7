"""``python -m benchmarks.speed``; see comparison.py."""

from benchmarks.speed.comparison import main

if __name__ == "__main__":
    main()
