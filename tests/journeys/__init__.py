"""Whole journeys through the product, each through one door."""
