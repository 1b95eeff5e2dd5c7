"""Images and labels -> weights. Besides detectors/yolo.py the only place where torch may be imported."""
