"""What kind of number each column of a result holds, declared once, and how many decimals it is read with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import pandas as pd


class Kind(StrEnum):
    """Kinds of numbers: money, a share or probability, a count or time, or a time to an event that may never come."""

    money = "money"
    share = "share"
    number = "number"
    wait = "wait"


DECIMALS: Mapping[Kind, int] = MappingProxyType({Kind.money: 2, Kind.share: 4, Kind.number: 4, Kind.wait: 4})
"""Decimals of each kind: cents, hundredths of a percent, less than a day in years."""

_STEMS = {
    Kind.money: """
        monetary_value first_value value_to_date margin_to_date cac expected_spend rlv expected_rlv clv expected_clv
        holdout_value predicted_holdout_value expected_holdout_value
        revenue aov earned holdout_revenue predicted_holdout_revenue
        formula_observed formula_churn formula_assumed
        formula_observed_matched formula_churn_matched formula_assumed_matched
        formula_holdout_revenue formula_observed_holdout_revenue formula_churn_holdout_revenue
        formula_assumed_holdout_revenue formula_repeat_holdout_revenue
        break_even_cac expected_margin revenue_to_date
        order_cost service_cost order_cost_to_date service_cost_to_date expected_order_cost expected_service_cost""",
    Kind.share: """
        survival expected_survival
        p_alive p_purchase p_pays_back p_cohort_pays_back p_worth_cost p_paid_back p_expected_covers p_expected_never
        churn retention repeat_purchase_rate share share_at_once share_never inside""",
    Kind.number: """
        recency T log_gaps time start_time end_time age expected_purchase_rate expected_time
        purchases expected_purchases holdout_purchases predicted_holdout_purchases expected_holdout_purchases
        purchase_frequency lifespan_observed clv_cac_ratio actual mean q05 q50 q95""",
    Kind.wait: "payback expected_payback",
}
KINDS: Mapping[str, Kind] = MappingProxyType({stem: kind for kind, stems in _STEMS.items() for stem in stems.split()})
"""Kind of each quantity; columns of its mean and quantiles, such as `rlv_mean` and `rlv_q05`, are of the same kind."""

_SUMMARY = re.compile(r"_(mean|q\d\d)$")


def kind_of(column: str) -> Kind | None:
    """Say what kind of number a column holds; None for one that no result declares, such as a user's own.

    Examples
    --------
    >>> kind_of("rlv_q05").value, kind_of("p_alive_mean").value, kind_of("T").value, kind_of("machines")
    ('money', 'share', 'number', None)
    """
    return KINDS.get(_SUMMARY.sub("", column))


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Round each column to the decimals of its kind: money to cents, shares and numbers to four decimals.

    Each number is rounded by itself, so sums hold to half a unit of the last decimal per term:
    `CLV = margin · value to date + RLV − CAC` to half a cent for each of its four terms, and for costs to date.

    Parameters
    ----------
    table
        A value table, a customer summary, a table of cohorts, of new customers or of payback.

    Returns
    -------
    pandas.DataFrame
        A copy; whole numbers, texts, dates and columns that no result declares are as they were.

    Examples
    --------
    >>> table = pd.DataFrame({"rlv_mean": [173.482918, -0.001], "p_alive_mean": [0.864771, 1.0], "own": [1 / 3, 2.0]})
    >>> rounded(table).values.tolist()
    [[173.48, 0.8648, 0.3333333333333333], [0.0, 1.0, 2.0]]
    """
    changed = {}
    for name in table.columns:
        kind = kind_of(str(name))
        if kind is not None and pd.api.types.is_float_dtype(table[name]):
            changed[name] = table[name].round(DECIMALS[kind]) + 0.0
    return table.assign(**changed)


def never_as_missing(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out times until what never happens: infinite in memory, they are missing in a file of text.

    Examples
    --------
    >>> table = pd.DataFrame({"payback_q50": [12.5, np.inf], "expected_spend_mean": [np.inf, 3.0]})
    >>> never_as_missing(table).values.tolist()
    [[12.5, inf], [nan, 3.0]]
    """
    waits = [
        name for name in table.columns if kind_of(str(name)) is Kind.wait and pd.api.types.is_float_dtype(table[name])
    ]
    return table.assign(**{name: table[name].mask(np.isinf(table[name])) for name in waits})
