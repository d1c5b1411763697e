"""Tests, intervals, permutations, regressions: no plan, no words, no registry."""
