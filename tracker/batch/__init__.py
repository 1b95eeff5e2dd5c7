"""Many videos as jobs, on this computer or a Ray cluster, each with a folder of results that appears atomically."""
