"""The HTTP API under /api/v1: with a token it does everything that the pages do."""

from fastapi import APIRouter

PREFIX = "/api/v1"


def router() -> APIRouter:
    """All routes of the API, under their prefix."""
    return APIRouter(prefix=PREFIX)
