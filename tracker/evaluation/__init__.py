"""How good tracks are: HOTA, MOTA and IDF1 against ground truth."""
