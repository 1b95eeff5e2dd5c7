"""Several sources in one process: one model, one page, and nobody's failure is another's."""
