"""Accuracy and speed, measured side by side with other trackers. Results of the last runs: RESULTS.md."""
