"""The web pages, Chinese first and English beside it."""

from fastapi import APIRouter, FastAPI


def routers() -> list[APIRouter]:
    """Every page, in the order in which addresses are matched."""
    from portal.pages import (
        account,
        addresses,
        concerns,
        data,
        desk,
        enterprise,
        filings,
        passwords,
        platform_keys,
        public,
        recommended,
        recommending,
        reports,
        reviewer,
        static,
        tester,
        twins,
    )

    return [
        static.router,
        addresses.router,
        twins.router,
        account.router,
        passwords.router,
        desk.router,
        enterprise.router,
        filings.router,
        data.router,
        tester.router,
        reviewer.router,
        reports.router,
        platform_keys.router,
        concerns.router,
        recommending.router,
        recommended.router,
        public.router,
    ]


def install(app: FastAPI) -> None:
    """Let browsers see problems as pages."""
    from portal.pages.problem_page import problem_page

    app.state.error_page = problem_page
