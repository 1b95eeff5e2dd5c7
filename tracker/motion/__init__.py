"""What moves in the pictures: the camera, cuts between shots, and boxes followed from frame to frame."""
