"""A graph drawn in terminal cells: rank, order, place, route, paint. Pure."""
