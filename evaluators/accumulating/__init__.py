"""Mergeable states: cells, tallies, exact sums, histograms, sums by unit."""
