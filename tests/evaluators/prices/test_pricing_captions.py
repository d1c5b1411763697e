"""Every metric, group and reference of the price probes has words of its own in both languages."""

import re

import numpy as np
import pytest

from evaluators.guests import installed
from evaluators.judging import captions
from evaluators.plan import Plan
from evaluators.prices.price_elements import PRICE_PROBES
from evaluators.running import engine, questions
from registry.findings import Finding


def found(probe: str, design: str) -> list[Finding]:
    kind = installed.probe_class(probe)
    case = {**kind.nulls(), **kind.planted()}[design](np.random.default_rng(1))
    return list(engine.measure(Plan.parse(case.plan), case.table, scorer=None, nonce="n" * 64))


DESIGNS = [(p, list(installed.probe_class(p).nulls())[-1]) for p in PRICE_PROBES]


@pytest.mark.parametrize(("probe", "design"), DESIGNS)
def test_no_metric_of_a_price_probe_is_shown_by_its_code(probe: str, design: str) -> None:
    assert re.search("[一-鿿]", questions.caption(probe).zh)
    for finding in found(probe, design):
        said = captions.metric(finding.metric)
        assert re.search("[一-鿿]", said.zh), finding.metric
        assert not re.search("[一-鿿_]", said.en), finding.metric


def test_sides_of_a_window_of_a_list_and_of_an_offer_are_said_in_words() -> None:
    plan = {"names": {"delivery": {"plain": {"zh": "配送费", "en": "delivery fee"}}}}

    def said(metric: str, slice_: dict[str, str], group: str, reference: str) -> tuple[str, str]:
        finding = {"metric": metric, "slice": slice_, "group": group, "reference_group": reference}
        return captions.group(finding, plan).zh, captions.reference(finding, plan).zh

    window = said("new_user_offer_gap", {"tenure": "inside"}, "inside", "outside")
    assert window == ("tenure：窗口之内", "窗口之外")
    shown = said(
        "personalised_exposed_price_gap", {"option": "personalised"}, "personalised", "no"
    )
    assert shown == ("option：个性化的结果", "非个性化的结果")
    offer = said("offer_rate", {"kind": "old", "offer": "free:delivery"}, "old", "new")
    assert offer == ("kind：old，优惠：不收配送费", "new")
    assert said("price_gap", {"place": "inside"}, "inside", "outside") == (
        "place：inside",
        "outside",
    )
