"""The enterprise's journey in a real browser, with the reviewer's inside it."""

import pytest

from tests.journeys import acts
from tests.journeys.story import Story, press

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]


def test_an_enterprise_submits_engages_explains_files_and_answers_a_return(story: Story) -> None:
    story.told(*acts.PUBLISHED)
    page = story.person("lender")
    press(page, "th a:has-text('住房贷款审批算法')")
    assert page.locator("main .badge").first.inner_text() == "已公示"
    assert page.locator("button:has-text('保存')").count() == 0
    page.close()
