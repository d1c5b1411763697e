"""Bring a model version before the authority and the public."""
