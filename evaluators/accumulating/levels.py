"""Levels: what a value of a column is called, whatever type it was kept in."""

from typing import Any


def level_name(value: Any) -> str:
    """The name of a level: whole numbers without a point, booleans as true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
