"""The record of models, versions, data sets, reports and who did what; it knows nobody above it."""
