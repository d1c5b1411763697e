"""The tests, in the shape of the source tree, and the journeys."""
