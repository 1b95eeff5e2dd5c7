"""The training loop: plans, steps, running averages, checkpoints, reports."""
