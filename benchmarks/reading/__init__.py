"""Whether video files are read as they are: frames, times and colours, against ffprobe and FFmpeg."""
