"""Whether everybody who is tracked is hidden, in every frame of the video that is written."""
