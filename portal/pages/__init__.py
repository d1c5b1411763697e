"""The web pages, Chinese first and English beside it."""

from fastapi import APIRouter, FastAPI


def routers_of_all() -> list[APIRouter]:
    """What everybody reads without an account, in the order in which addresses are matched."""
    from portal.pages import addresses, public, static, twins

    return [static.router, addresses.router, twins.router, public.router]


def routers() -> list[APIRouter]:
    """Every other page, in the order in which addresses are matched."""
    from portal.pages import (
        account,
        concerns,
        data,
        desk,
        enterprise,
        filings,
        organisations,
        passwords,
        plain_words,
        platform_keys,
        previews,
        recommended,
        recommending,
        reports,
        reviewer,
        tester,
        withheld,
    )

    return [
        account.router,
        passwords.router,
        organisations.router,
        desk.router,
        enterprise.router,
        filings.router,
        previews.router,
        plain_words.router,
        data.router,
        tester.router,
        reviewer.router,
        reports.router,
        platform_keys.router,
        concerns.router,
        recommending.router,
        recommended.router,
        withheld.router,
    ]


def install(app: FastAPI) -> None:
    """Let browsers see problems as pages."""
    from portal.pages.problem_page import problem_page

    app.state.error_page = problem_page
