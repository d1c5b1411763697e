"""From estimates to findings: tests, lines, equivalence, verdicts, and their words."""
