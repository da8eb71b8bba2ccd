"""Steps on the workers of a dask cluster (`distributed`)."""
