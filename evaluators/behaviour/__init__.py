"""Probes that ask the model: flips, swaps, shaken inputs, the same again, and its task."""
