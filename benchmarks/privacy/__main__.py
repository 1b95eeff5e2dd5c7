"""``python -m benchmarks.privacy``; see uncovered_frames.py."""

from benchmarks.privacy.uncovered_frames import main

if __name__ == "__main__":
    main()
