"""The thread of returns on the pages of filer and reviewer, and the reasons that reviewers take."""

import pytest
from fastapi.testclient import TestClient

from filing import prepared
from registry.organisations import Kind, Role
from tests.portal.pages.stage import Stage


@pytest.mark.parametrize("language", ["zh", "en"])
def test_filer_and_reviewer_read_the_thread_on_their_pages(
    stage: Stage, on_stage: TestClient, language: str
) -> None:
    """filing/A17."""
    readers = ((Kind.ENTERPRISE, Role.FILER, "filings"), (Kind.AUTHORITY, Role.REVIEWER, "review"))
    for kind, role, place in readers:
        by = stage.member(kind, role)
        address = f"/{language}/{place}/{stage.points['returned']}"
        page = on_stage.get(address, headers={**by.bearer, "accept": "text/html"}).text
        thread = page[page.index('id="returns"') :]
        assert {"zh": "第1次提交被退回", "en": "Submission 1 was returned"}[language] in thread
        assert {"zh": "还没有再次提交。", "en": "Not submitted again yet."}[language] in thread


def test_a_reviewer_is_offered_reasons_and_writes_others(
    stage: Stage, on_stage: TestClient
) -> None:
    by = stage.member(Kind.AUTHORITY, Role.REVIEWER)
    address = f"/zh/review/{stage.points['submitted']}"
    page = on_stage.get(address, headers={**by.bearer, "accept": "text/html"}).text
    assert page.count('list="prepared"') > 50
    for each in prepared.PREPARED:
        assert page.count(each.zh) == 2  # value and label, once for all boxes
    answer = on_stage.get("/api/v1/prepared-remarks", headers=by.bearer)
    assert [each["zh"] for each in answer.json()] == [each.zh for each in prepared.PREPARED]
