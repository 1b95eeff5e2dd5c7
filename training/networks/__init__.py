"""Networks: pretrained trunks, feature pyramids, and the heads of detectors and embedders."""
