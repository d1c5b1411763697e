"""Say in plain words what one model version does."""
