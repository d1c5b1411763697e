"""The HTTP API under /api/v1: with a token it does everything that the pages do."""

from portal.api import (
    catalogue,
    concerns,
    credentials,
    datasets,
    description,
    engagements,
    evaluations,
    explanations,
    filings,
    inbox,
    journal,
    organisations,
    passwords,
    previews,
    recommended,
    reports,
    versions,
    words,
)

PREFIX = "/api/v1"
NOUNS = (
    organisations,
    credentials,
    passwords,
    versions,
    datasets,
    engagements,
    evaluations,
    reports,
    explanations,
    filings,
    previews,
    catalogue,
    concerns,
    recommended,
    inbox,
    journal,
    words,
    description,
)
