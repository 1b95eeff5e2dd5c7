"""Several sources in one process against as many processes."""
