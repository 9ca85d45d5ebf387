"""One order of arguments: what a customer did, how far to look, how many; and two times cannot be swapped unnoticed."""

import importlib
import inspect

import pytest

import kundenwert as kw

ROOMS = (
    *(
        "backtests",
        "bayes",
        "compare",
        "data",
        "datasets",
        "decide",
        "formula",
        "laws",
        "plot",
        "predict",
        "simulate",
        "validate",
    ),
    *("value", "report", "kernels.pareto_nbd", "kernels.bg_nbd", "kernels.mbg_nbd", "kernels.nbd"),
    "kernels.gamma_gamma",
)
BY_KEYWORD = {
    *("horizon", "length", "discount_rate", "number", "margin", "units_per_year", "time_unit"),
    *("seed", "rng", "samples", "threads", "ax", "start", "age", "nodes", "alive", "reach", "keys"),
}
ORDER = (
    *("frequency", "recency", "T", "monetary_value", "history", "law"),
    *("newcomers", "purchases", "spend", "summary", "table", "values", "terms"),
)
ANOTHER_NAME = {"ahead": "horizon", "within": "horizon", "h": "horizon", "random_state": "seed", "n_samples": "samples"}
TWO_DAYS = {"kundenwert.window_totals", "kundenwert.data.window_totals"}
"""The first and the last day of a window: swapped, they are refused."""


def faults(function: object) -> list[str]:
    """What is wrong with the order of a function's arguments."""
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name not in {"self", "cls"}]
    names = [p.name for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
    found = [f"{name} by position" for name in names if name in BY_KEYWORD and len(parameters) > 1]
    found += [f"{p.name} is called {ANOTHER_NAME[p.name]}" for p in parameters if p.name in ANOTHER_NAME]
    ordered = [name for name in names if name in ORDER]
    if ordered != sorted(ordered, key=ORDER.index):
        found.append(f"the order is {', '.join(sorted(ordered, key=ORDER.index))}")
    by_keyword = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name in {"horizon", "number"}]
    return found + (["horizon before number"] if by_keyword == ["number", "horizon"] else [])


def public():
    """Functions, and methods of classes, that a room shows; named as a user writes them."""
    for room in ("", *ROOMS):
        home = importlib.import_module(f"kundenwert.{room}".rstrip("."))
        names = [name for name in getattr(home, "__all__", dir(home)) if not name.startswith("_")]
        for name in names:
            thing = getattr(home, name)
            if inspect.isclass(thing) and thing.__module__.startswith("kundenwert"):
                methods = inspect.getmembers(thing, callable)
                for method, function in methods:
                    if not method.startswith("_") and str(getattr(function, "__module__", "")).startswith("kundenwert"):
                        yield f"{home.__name__}.{name}.{method}", function
            elif callable(thing) and not inspect.isclass(thing):
                yield f"{home.__name__}.{name}", thing


def test_public_functions_take_their_arguments_in_one_order():
    walked = {name: function for name, function in public() if name not in TWO_DAYS}
    assert {name: wrong for name, function in walked.items() if (wrong := faults(function))} == {}
    assert len(walked) > 200
    assert {"kundenwert.laws.PurchaseLaw.p_purchase", "kundenwert.kernels.mbg_nbd.p_alive_at"} <= walked.keys()


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (lambda number, horizon, frequency, recency, T: 0, "number by position"),
        (lambda frequency, recency, T, horizon: 0, "horizon by position"),
        (lambda recency, frequency, T: 0, "the order is frequency, recency, T"),
        (lambda summary, purchases, spend: 0, "the order is purchases, spend, summary"),
        (lambda terms, newcomers: 0, "the order is newcomers, terms"),
        (lambda frequency, recency, T, *, number, horizon: 0, "horizon before number"),
        (lambda frequency, recency, T, *, ahead: 0, "ahead is called horizon"),
        (lambda table, seed=1: 0, "seed by position"),
    ],
)
def test_another_order_is_found(function, wanted):
    assert wanted in faults(function)


@pytest.mark.parametrize("law", [kw.ParetoNBD(), kw.BGNBD(), kw.MBGNBD(), kw.NBD()], ids=lambda law: law.name)
def test_a_horizon_cannot_stand_where_a_history_ends(law):
    kernel = getattr(kw.kernels, law.name)
    given = dict.fromkeys(law.parameters, 1.0)
    with pytest.raises(TypeError, match="takes 3 positional arguments but 4"):
        kernel.expected_purchases(2, 30.0, 39.0, 52.0, **given)
    with pytest.raises(TypeError, match="takes 3 positional arguments but 5"):
        kernel.log_purchase_probability(1, 52.0, 2, 30.0, 39.0, **given)
