"""Third parties' probes: found by entry point, run in a process with nothing but rows."""
