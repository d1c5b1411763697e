"""Null and unkind data that several probes share."""
