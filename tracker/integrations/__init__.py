"""keeptrack inside other libraries: their detections in, the same with track ids out. None of them is needed here."""
