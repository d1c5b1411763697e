"""The web pages, Chinese first and English beside it."""
