"""Probes of scores, rankings and numbers: question, sentences and null designs."""
