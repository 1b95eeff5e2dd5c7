"""``python -m benchmarks.reading``; see comparison.py."""

import sys

from benchmarks.reading.comparison import main

if __name__ == "__main__":
    sys.exit(main())
