"""``python -m tracker``."""

import sys

from tracker.commands.cli import main

if __name__ == "__main__":
    sys.exit(main())
