"""Probes of decisions: each with its question, its sentences and its null designs."""
