"""Measure one model version and report what was found."""
