"""Probes of prices, offers and lists of goods: question, sentences and null designs."""
