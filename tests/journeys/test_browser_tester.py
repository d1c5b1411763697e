"""The tester's journey in a real browser, from the engagement to the countersigned report."""

import pytest

from tests.journeys import acts
from tests.journeys.story import Story

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_tester_takes_on_plans_runs_reads_and_countersigns(story: Story) -> None:
    story.told(*acts.FILED[:5])
    page = story.person("tester")
    assert page.locator("td:has-text('done')").count() == 1
    page.goto(f"/en/reports/{story.made['report']}")
    assert page.locator("#countersign").count() == 0
    assert page.locator("h1:has-text('Evaluation report')").count()
    page.close()
