"""The demonstration: two real models on historical data, from submission to a public page."""
