"""Say in plain words what one model version does: every sentence with its test and its limit."""
