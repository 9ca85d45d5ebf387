"""The sections of the report: each takes the run's tables and gives finished HTML."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kundenwert import plot
from kundenwert.bayes.variants import told
from kundenwert.plot.objects import prior_density
from kundenwert.report import html, texts
from kundenwert.report.html import (
    Html,
    bullets,
    digits,
    figure,
    fitting,
    heading,
    money,
    paragraph,
    percent,
    share,
    significant,
    whole,
)
from kundenwert.report.run import Run
from kundenwert.settings.document import SECTIONS
from kundenwert.validate.checks import HONEST

HEAD = 15
"""Rows of the customer table that are shown."""


def summary(run: Run) -> Html:
    """Title, key figures, and whether to believe them."""
    facts = run.facts
    lead = texts.LEAD.format(
        customers=whole(facts["customers"]), start=facts["observation_start"], end=facts["observation_end"]
    )
    expected, outcome = run.total("expected_rlv"), run.total("rlv")
    clv, customers = run.total("expected_clv"), facts["customers"]
    everybody = run.tables["cohorts"].query("everybody").iloc[0]
    alive = float(run.tables["customers"]["p_alive_mean"].mean())
    middle = "" if np.isfinite(expected["mean"]) else ", median"
    base = outcome["q50"] if middle else expected["mean"]
    each = everybody["clv_q50"] if middle else clv["mean"] / customers
    tiles = [
        (f"Residual value of the base{middle}", money(base), f"{_interval(outcome)}, {run.horizon}"),
        (f"CLV per customer{middle}", money(each), f"{_interval(everybody, 'clv_')} as cohort average"),
        ("Customers still alive", share(alive), f"about {whole(alive * customers)} of {whole(customers)}"),
        _formula_tile(everybody),
    ]
    parts = [heading(1, str(run.manifest["title"])), paragraph(lead, "lead")]
    sections = [item for item in texts.SECTIONS if item[0] != "summary"]
    parts += [html.contents(sections), html.tiles(tiles), paragraph(_answer(run, everybody), "answer")]
    marks = [*facts["marks"], *([texts.ONLY_REVENUE] if run.only_revenue else [])]
    parts += [html.box("mark", f"Caution: {mark}.") for mark in marks]
    if run.running:
        parts.append(paragraph(texts.AFTER_COSTS.format(costs=_costs(run))))
    parts += [_checks(run), paragraph(texts.TWO_KINDS.format(nominal=run.nominal))]
    return join(parts)


def _costs(run: Run) -> str:
    """What orders and service cost, in words."""
    said, assumed = [], run.facts["assumptions"]
    stated = {"an order costs {}": assumed["order_cost"], "a year of service costs {}": assumed["service_cost"]}
    for words, cost in stated.items():
        if isinstance(cost, Mapping):
            said.append(words.format(texts.BY_COHORT))
        elif cost:
            said.append(words.format(money(cost)))
    return " and ".join(said)


def _formula_tile(everybody: pd.Series) -> tuple[str, str, str]:
    value = everybody["formula_assumed"]
    observed = everybody["formula_observed"]
    return "The formula says", money(value), f"with the assumed lifespan; {money(observed)} from first to last purchase"


def _answer(run: Run, everybody: pd.Series) -> str:
    """The formula's number beside the posterior's, in one sentence."""
    formula, posterior = float(everybody["formula_assumed_matched"]), float(everybody["clv_mean"])
    outside = not everybody["clv_q05"] <= formula <= everybody["clv_q95"]
    verdict = texts.OUTSIDE if outside else texts.INSIDE
    words = {
        "formula": money(formula),
        "posterior": money(posterior) if np.isfinite(posterior) else texts.MEDIAN.format(money(everybody["clv_q50"])),
        "nominal": run.nominal,
        "interval": _interval(everybody, "clv_"),
        "years": f"{run.facts['lifespan_years']:g}",
        "verdict": verdict if np.isfinite(posterior) else texts.NO_MEAN,
    }
    return texts.ANSWER.format(**words)


def _checks(run: Run) -> Html:
    def colour(column: str, value: object) -> str:
        kind = "unchecked" if value == "not checked" else str(value)
        return f"verdict {kind}" if column == "verdict" else ""

    columns = {"check": ("Check", None), "verdict": ("Verdict", None), "finding": ("Finding", None)}
    return html.table(run.tables["checks"], columns, caption=texts.CHECKS, prose=("finding",), classes=colour)


def data(run: Run) -> Html:
    """What was read, and what became of every row."""
    facts, source = run.facts, run.facts["source"]
    words = {"encoding": "encoding", "delimiter": "delimiter", "decimal": "decimal mark", "date_format": "dates as"}
    marks = [f"{word} “{source[key]}”" for key, word in words.items() if source.get(key)]
    how = ", ".join([str(source["kind"]), *marks])
    counts = texts.COUNTS.format(
        customers=whole(facts["customers"]),
        orders=whole(facts["orders"]),
        revenue=money(facts["revenue"]),
        repeaters=whole(facts["repeaters"]),
        share=share(facts["repeaters"] / facts["customers"]),
    )
    account = run.tables["accounting"]
    rows = whole(account.loc[account["fate"] != "note", "rows"].sum())
    columns = {"fate": ("Fate", None), "reason": ("Reason", None), "rows": ("Rows", whole)}
    columns |= {"money": ("Money", money), "first": ("First", None)}
    text = texts.DATA.format(name=source["name"], how=how, unit=run.unit)
    caption = (texts.ACCOUNTING[0], texts.ACCOUNTING[1].format(rows=rows))
    return join(
        [
            title("data"),
            paragraph(counts),
            paragraph(text),
            html.table(account, columns, caption=caption, prose=("reason", "first")),
        ]
    )


def _of_purchases(run: Run) -> str:
    """Which law purchases follow, and which of its variants, where it has some."""
    model = run.manifest["models"]["purchases"]
    text = texts.MODEL_PURCHASES.get(model["model"], texts.OTHER_PURCHASES.format(name=model["model"]))
    return text + (texts.VARIANTS.format(told=told(model["variants"])) if "variants" in model else "")


def models(run: Run) -> Html:
    """Priors, posteriors and the checks of the sampler."""
    used = {model["method"] for model in run.manifest["models"].values()}
    looked_at = "first_value" in run.facts["spend_looks_at"]
    spend = texts.MODEL_SPEND.format(
        first=texts.FIRST_PURCHASES if looked_at else "",
        method=texts.METHODS[used.pop() if len(used) == 1 else "mixed"],
    )
    columns = {
        "model": ("Model", None),
        "parameter": ("Parameter", None),
        "prior": ("Prior", None),
        "value_mean": ("Mean", significant),
        "value_q05": ("5 %", significant),
        "value_q50": ("Median", significant),
        "value_q95": ("95 %", significant),
    }
    draws = run.tables["draws"]
    pictures = [_prior_posterior(draws, name) for name in draws["parameter"].unique()]
    return join(
        [
            title("models"),
            paragraph(_of_purchases(run)),
            paragraph(spend),
            html.table(run.tables["parameters"], columns, caption=texts.PARAMETERS),
            _convergence(run),
            figure(*pictures, caption=texts.PRIOR),
        ]
    )


def _convergence(run: Run) -> Html:
    """Every check of every sampler with its bound."""
    found = [
        {"model": model["model"], **check, "state": "pass" if check["passed"] else "fail"}
        for model in run.manifest["models"].values()
        for check in model["diagnosis"]["checks"]
    ]
    bounds = {
        "model": ("Model", None),
        "name": ("Check", None),
        "value": ("Worst", lambda value: f"{float(value):.4g}".replace("-", "−")),
        "bound": ("Bound", lambda value: f"{float(value):g}"),
        "where": ("Where", None),
        "state": ("Verdict", None),
    }
    return html.table(
        pd.DataFrame(found), bounds, caption=texts.CONVERGENCE,
        classes=lambda column, value: f"verdict {value}" if column == "state" else "",
    )  # fmt: skip


def _prior_posterior(draws: pd.DataFrame, name: str) -> Axes:
    """Show prior and posterior draws of a quantity."""
    own = draws.loc[draws["parameter"] == name]
    prior, posterior = (own.loc[own["group"] == group, "value"].to_numpy() for group in ("prior", "posterior"))
    at, density = prior_density(prior, posterior)
    return plot.prior_posterior(at, density, posterior, name=texts.QUANTITIES.get(name, name))


def fit(run: Run) -> Html:
    """The model beside the data it was fitted to, and through the hold-out."""
    tables = run.tables
    return join(
        [
            title("fit"),
            figure(plot.repeat_purchase_histogram(tables["histogram"]), caption=texts.HISTOGRAM),
            figure(plot.tracking_cumulative(tables["tracking"]), caption=(texts.TRACKING, _tracking(run))),
            figure(plot.tracking_incremental(tables["tracking"]), caption=texts.INCREMENTAL),
            _spend(tables["spend"]),
        ]
    )


def _spend(spread: pd.DataFrame) -> Html:
    columns = {
        "level": ("Quantile", percent),
        "observed": ("Data", money),
        "predicted_q50": ("Model, median", money),
        "predicted_q05": ("5 %", money),
        "predicted_q95": ("95 %", money),
    }
    return html.table(spread, columns, caption=texts.SPEND)


def holdout(run: Run) -> Html:
    """Forecasts beside facts."""
    if "scores" not in run.tables:
        return join([title("holdout"), paragraph(texts.NO_HOLDOUT)])
    covered = run.tables["coverage"]
    of = covered.query("quantity == 'purchases' and scope == 'customer'").set_index("interval")["inside"]
    words = {"expected": share(of["expectation"]), "outcome": share(of["outcome"]), "nominal": run.nominal}
    columns = {
        "quantity": ("Quantity", None),
        "model": ("Forecast", None),
        "mae": ("MAE", fitting),
        "rmse": ("RMSE", fitting),
        "bias": ("Bias", fitting),
        "predicted_total": ("Total forecast", whole),
        "actual_total": ("Total actual", whole),
    }
    groups = run.tables["by_frequency"]
    inside = {"inside": whole(groups["inside"].sum()), "groups": whole(len(groups)), "nominal": run.nominal}
    pieces = [
        title("holdout"),
        html.table(run.tables["scores"], columns, caption=texts.SCORES),
        figure(
            plot.conditional_expectation(groups), caption=(texts.CONDITIONAL[0], texts.CONDITIONAL[1].format(**inside))
        ),
        figure(plot.coverage(covered), caption=texts.COVERAGE),
        html.box("lesson", *(text.format(**words) for text in texts.LESSON), *_too_narrow(run)),
        paragraph(texts.TOTALS),
    ]
    return join(pieces)


def _too_narrow(run: Run) -> list[str]:
    """A warning where the check of the customers' intervals failed."""
    verdicts = run.tables["checks"].set_index("check")["verdict"]
    return [texts.TOO_NARROW] if verdicts[HONEST] == "fail" else []


def cohorts(run: Run) -> Html:
    """The simple formula against the posterior, cohort by cohort."""
    table = run.tables["cohorts"]
    values = {
        "cohort": ("Cohort", None),
        "customers": ("Customers", whole),
        "clv_mean": ("CLV", money),
        "clv_q05": ("5 %", money),
        "clv_q95": ("95 %", money),
        "formula_observed_matched": ("Formula, observed", money),
        "formula_churn_matched": ("Formula, 1/churn", money),
        "formula_assumed_matched": ("Formula, assumed", money),
        "p_cohort_pays_back": ("P(cohort pays back)", share),
    }
    measures = {
        "cohort": ("Cohort", None),
        "aov": ("AOV", money),
        "purchase_frequency": ("Purchases / year", digits(2)),
        "lifespan_observed": ("Lifespan, years", digits(2)),
        "churn": ("Churn / year", share),
        "retention": ("Retention", share),
        "repeat_purchase_rate": ("Repeat rate", share),
        "cac": ("CAC", money),
        **({"order_cost": ("Per order", money), "service_cost": ("Service / year", money)} if run.running else {}),
        "p_alive_mean": ("P(alive)", share),
    }
    words = {"nominal": run.nominal, "rest": percent(1 - run.facts["nominal"])}
    words["years"] = f"{run.facts['lifespan_years']:g}"
    pieces = [
        title("cohorts"),
        paragraph((texts.FORMULA_AFTER_COSTS if run.running else texts.FORMULA).format(**words)),
        figure(plot.formula_versus_posterior(table), caption=(texts.DUMBBELLS[0], texts.DUMBBELLS[1].format(**words))),
        html.table(table, values, caption=texts.COHORTS, total=len(table) > 1),
        figure(plot.formula_versus_posterior(table, matched=False), caption=texts.DUMBBELLS_PLAIN),
        html.table(table, measures, caption=texts.KPIS, total=len(table) > 1),
    ]
    notes = sorted({note for name in ("frequency_note", "churn_note") for note in table[name] if note})
    pieces += [paragraph(texts.NOTES.format(note=note.rstrip("."))) for note in notes]
    if "holdout_revenue" in table:
        pieces.append(figure(plot.holdout_by_cohort(table), caption=texts.HOLDOUT_COHORTS))
    return join(pieces)


def customers(run: Run) -> Html:
    """The best customers, and how value is distributed."""
    table = run.tables["customers"]
    best = table.sort_values(["rlv_mean", "customer_id"], ascending=[False, True]).head(HEAD)
    columns = {
        "customer_id": ("Customer", None),
        "cohort": ("Cohort", None),
        "frequency": ("Repeat", whole),
        "value_to_date": ("So far", money),
        "p_alive_mean": ("P(alive)", share),
        "expected_purchases_mean": ("Purchases", digits(1)),
        "rlv_mean": ("RLV", money),
        "rlv_q05": ("5 %", money),
        "rlv_q95": ("95 %", money),
        **({"expected_order_cost_mean": ("Orders cost", money)} if run.running else {}),
        **({"expected_service_cost_mean": ("Service costs", money)} if run.running else {}),
        "clv_mean": ("CLV", money),
        "p_pays_back": ("P(pays back)", share),
    }
    return join(
        [
            title("customers"),
            html.table(best, columns, caption=texts.CUSTOMERS_AFTER_COSTS if run.running else texts.CUSTOMERS),
            figure(plot.rlv_distribution(table), caption=texts.DISTRIBUTION),
            figure(plot.rlv_concentration(table), caption=texts.CONCENTRATION),
        ]
    )


def limits(run: Run) -> Html:
    """What was assumed, and what follows from it."""
    assumed = run.facts["assumptions"]
    cac, order, service = (
        "by cohort" if isinstance(cost, Mapping) else money(cost)
        for cost in (assumed["cac"], assumed["order_cost"], assumed["service_cost"])
    )
    running = texts.RUNNING.format(order=order, service=service) if run.running else ""
    chosen = (
        f"Chosen: margin {share(assumed['margin'])}, discount rate {share(assumed['discount_rate'])} a year, "
        f"acquisition cost {cac}, value counted {run.horizon}. {running}"
    ).rstrip()
    items = [text.format(independence=run.facts["independence"]) for text in texts.LIMITS]
    return join([title("limits"), paragraph(chosen), bullets(items)])


def provenance(run: Run) -> Html:
    """Input, options, seeds and versions."""
    manifest = run.manifest
    rows: list[tuple[str, object]] = [("created", manifest["created"])]
    rows += [(f"input {key}", value) for key, value in manifest["input"].items()]
    rows += _settings(manifest["options"])
    rows += [(f"seed of {key}", model["seed"]) for key, model in manifest["models"].items()]
    rows += [(f"version of {key}", value) for key, value in manifest["versions"].items()]
    rows += [(f"seconds: {key}", value) for key, value in manifest["seconds"].items()]
    frame = pd.DataFrame([(key, _plain(value)) for key, value in rows if value is not None], columns=["what", "value"])
    columns = {"what": ("What", None), "value": ("Value", None)}
    return join([title("provenance"), html.table(frame, columns, caption=texts.PROVENANCE, prose=("value",))])


def _settings(options: Mapping[str, object]) -> list[tuple[str, object]]:
    """Settings of a run, by section or without; those that are not set are left out."""
    rows: list[tuple[str, object]] = []
    for key, value in options.items():
        if key in SECTIONS and isinstance(value, Mapping):
            told = {name: one for name, one in value.items() if name not in ("placeholders", "refund_marks")}
            rows += [(f"{key}: {name}", one) for name, one in told.items() if one not in (None, [], {})]
        elif key not in ("source", "hashes"):
            rows.append((f"option {key}", value))
    return rows


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    return str(value)


def _tracking(run: Run) -> str:
    """What the line of the hold-out divides, where there is one."""
    return texts.TRACKING_HOLDOUT if run.facts["holdout_end"] else texts.TRACKING_FITTED


def _interval(quantiles: pd.Series | Mapping[str, float], stem: str = "") -> str:
    return f"{money(float(quantiles[f'{stem}q05']))} to {money(float(quantiles[f'{stem}q95']))}"


def title(anchor: str) -> Html:
    """Heading of a section, with its anchor."""
    return heading(2, dict(texts.SECTIONS)[anchor], anchor)


def join(parts: list[Html]) -> Html:
    """Put pieces of a page one after the other."""
    return Html("".join(part.text for part in parts))
