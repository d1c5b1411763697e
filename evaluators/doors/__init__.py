"""Ways in for users of other tools: Fairlearn's frames, arrays in memory."""
