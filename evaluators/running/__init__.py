"""A run from files to a report: reading, asking, withholding, computing again."""
