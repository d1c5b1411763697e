"""Four probes of unequal treatment in decisions."""
