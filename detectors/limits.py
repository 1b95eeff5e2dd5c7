"""What a file from outside may cost: the limits of all inputs, and their reasons.

A few bytes can stand for gigabytes of memory and hours of work wherever things are multiplied: frames by tracks, sides
of a picture, what an archive unpacks to, exponents of a number. Each limit is far beyond what people have, and is
checked before the product is made. Nothing under 1 MB may take more than 10 s or 1 GB: `python -m benchmarks.faults`.
"""

from __future__ import annotations

# Numbers and names
DIGITS = 12  # of a whole number in text: int() takes the square of them
RATE_CHARACTERS = 60  # of a frame rate: fractions spell out exponents digit by digit
FRAME_RATES = (1e-6, 1e6)  # frames a second
NAME = 1000  # characters of the name of a class or video; it is written with each box in some formats
SHOWN = 200  # characters of a value or name that a message repeats

# Text and archives
UNPACKED = 2**31  # bytes of a text out of an archive
DENSE, DENSITY = 10_000_000, 100
"""Bytes of a text from which on it must not be so many times as long as in its archive: boxes are packed 30-fold."""
TAG = 1_000_000  # bytes of a tag or a comment in XML: Expat takes the square of them

# Frames and boxes
LAST_FRAME = 2**53  # above it, floating point skips whole numbers
FRAMES = 10_000_000  # of a video or sequence: 110 hours at 25 a second
HELD_FRAMES = 2_000_000  # a day at 25 a second, for which a last box without an end stands
DRAWN, DRAWN_A_SHAPE = 2_200_000, 100
"""Boxes that a file may have drawn between and after its keyframes: those of one object in a day at 25 a second, and a
hundred for each shape that is written. They take some 5 seconds and 400 MB."""
FARTHEST = 1e100  # pixels that a box may be away: above it, arithmetic on boxes overflows
PIXELS = 1_000_000  # of a picture's side, and of what an annotated box may be away from it
KEYPOINTS = 10_000  # of one object
MASK_PIXELS, MASK_DENSITY = 500_000_000, 1000
"""Pixels of all masks in a file together, and those more that each of their characters may stand for."""

# Places in the picture
POINTS = 1000  # of a polygon: each side is compared with each other
PLACES = 1000  # lines, zones and polygons of a run: each looks at each object in each frame
FARTHEST_POINT = 1e6  # pixels

# Pictures and video
PICTURE_PIXELS = 150_000_000  # 450 MB once it is decoded; the largest cameras make fewer
PACKETS = 256 * 2**20  # bytes of packets that are kept from the last two key frames on, to read on from an exact frame
FAILURES = 1000  # attempts in a row to read on in a damaged video

# Detectors
METADATA = 200_000  # characters of one entry; ten thousand class names take less
MODEL_SIDES = range(32, 8193)  # pixels of the longer side of a model's input
CANDIDATES = 3000  # detections of a picture: ten for each of 300 objects

# The page's port
CONNECTIONS = 200  # a descriptor each, of which a process has 1,024 by default
REFUSALS = 400  # connections beyond these that are told so at a time, rather than closed without a word
