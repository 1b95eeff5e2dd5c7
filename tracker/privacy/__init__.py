"""Who is made unrecognisable in pictures, where they are in each frame, and how they are hidden."""
