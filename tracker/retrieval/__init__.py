"""Who is it: the tracks of many videos that look most like one object."""
