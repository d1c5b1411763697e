"""The single-use sandbox in which a submitted model is opened."""
