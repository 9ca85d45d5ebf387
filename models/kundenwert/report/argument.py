"""The sections that argue: why formula and posterior differ, who forecasts best, and what follows for decisions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kundenwert import plot
from kundenwert.compare import FACTORS
from kundenwert.report import html, texts
from kundenwert.report.html import Html, digits, figure, fitting, money, paragraph, share, significant, whole
from kundenwert.report.run import Run
from kundenwert.report.sections import join, title

SHOWN = 12
"""Cohorts that a picture of curves shows; the largest ones."""

CLEAR = 3.0
"""Standard errors above 0 from which on a value of data is told: the largest of several cohorts is soon two above."""


def why(run: Run) -> Html:
    """Formula / posterior as a product of reasons."""
    table = run.tables.get("why")
    if table is None or table.empty:
        return join([title("why"), paragraph(texts.WHY_INFINITE)])
    assumed = table.query("method == 'assumed'")
    everybody = assumed.loc[assumed["everybody"]]
    picture = plot.waterfall(everybody, str(everybody["cohort"].iloc[0]))
    reasons = texts.WHY.format(heterogeneity=_heterogeneity(everybody))
    reasons += f" {texts.WHY_BEFORE_COSTS}" if run.running else ""
    pieces = [title("why"), paragraph(reasons), figure(picture, caption=texts.WATERFALL)]
    pieces.append(html.table(_reasons(table), _reason_columns(), caption=texts.REASONS))
    if len(set(assumed["cohort"])) > 1:
        pieces.append(figure(plot.factors(assumed), caption=texts.FACTORS))
    known = everybody.loc[everybody["step"].isin(FACTORS)].set_index("step")["log_mean"].dropna().abs()
    if len(known) == len(FACTORS):
        pieces.append(paragraph(texts.LARGEST.format(reason=texts.REASON_NAMES[str(known.idxmax())])))
    notes = sorted({note for note in table["note"] if note})
    return join([*pieces, *(paragraph(texts.NOTES.format(note=note.rstrip("."))) for note in notes)])


def _heterogeneity(everybody: pd.DataFrame) -> str:
    """Which way the product of averages errs, if its factor's interval says so."""
    factor = everybody.set_index("step").loc["heterogeneity"]
    if factor["factor_q95"] < 1:
        return texts.PRODUCT_LOW
    return texts.PRODUCT_HIGH if factor["factor_q05"] > 1 else texts.PRODUCT_EVEN


def _reasons(table: pd.DataFrame) -> pd.DataFrame:
    """Everybody's factors as text, median and interval: one row per reason, one column per lifespan."""
    steps = ("formula", *FACTORS, "ratio", "posterior")
    rows = [{"step": texts.REASON_NAMES[step].capitalize()} for step in steps]
    for method, own in table.loc[table["everybody"]].groupby("method", sort=False):
        known = own.set_index("step")
        for row, step in zip(rows, steps, strict=True):
            if step in ("formula", "posterior"):
                amount = float(known["money_mean"].to_dict()[step])
                row[str(method)] = money(amount) if np.isfinite(amount) else "–"
                continue
            middle, low, high = known.loc[[step], ["factor_q50", "factor_q05", "factor_q95"]].to_numpy(np.float64)[0]
            found = f"{significant(middle)} ({significant(low)} to {significant(high)})"
            row[str(method)] = found if np.isfinite(middle) else "–"
    return pd.DataFrame(rows)


def _reason_columns() -> dict[str, tuple[str, html.Format | None]]:
    columns: dict[str, tuple[str, html.Format | None]] = {"step": ("Reason", None)}
    return columns | {method: (name.capitalize(), None) for method, name in texts.LIFESPANS.items()}


def baselines(run: Run) -> Html:
    """What anybody could have forecast without this model, beside it, on the hold-out's revenue."""
    table = run.tables.get("baselines")
    if table is None or table.empty:
        return Html("")
    columns = {
        "method": ("Forecast", None),
        "customers": ("Customers", whole),
        "mae": ("MAE", fitting),
        "rmse": ("RMSE", fitting),
        "bias": ("Bias", share),
        "spearman": ("Rank correlation", digits(3)),
        "top_capture": ("Top tenth", share),
        "gini": ("Gini", digits(3)),
        "cohort_wape": ("Error by cohort", share),
        "predicted_total": ("Total forecast", whole),
    }
    named = table.assign(method=[texts.FORECASTS.get(str(name), str(name)) for name in table["method"]])
    return join(
        [
            html.heading(3, texts.BASELINES_HEADING),
            paragraph(_verdict(table, run.facts["customers"])),
            html.table(named, columns, caption=texts.BASELINES),
            figure(plot.scores(named.assign(missing=0)), caption=texts.BASELINES_PICTURE),
        ]
    )


def _verdict(table: pd.DataFrame, customers: int) -> str:
    """Where the posterior is best, and where something simpler is: from the table, whatever it says."""
    scored = table.set_index("method")
    order = {"mae": scored["mae"], "gini": -scored["gini"], "bias": scored["bias"].abs()}
    if any(values.isna().all() for values in order.values()):
        return texts.NO_VERDICT
    best = {key: values.idxmin() for key, values in order.items()}
    words = {
        key: texts.FORECASTS.get(str(name), str(name)) if name != "posterior mean" else texts.OURSELVES
        for key, name in best.items()
    }
    compared = int(table["customers"].max())
    among = "" if compared == customers else texts.AMONG.format(compared=whole(compared), customers=whole(customers))
    return texts.VERDICT.format(among=among, **words)


_ACQUISITION = {
    "cohort": ("Cohort", None),
    "cac": ("CAC", money),
    "break_even_cac_mean": ("May cost", money),
    "break_even_cac_q05": ("5 %", money),
    "break_even_cac_q95": ("95 %", money),
    "clv_mean": ("CLV", money),
    "p_worth_cost": ("P(worth its cost)", share),
    "p_pays_back": ("P(one pays back)", share),
    "clv_cac_ratio_mean": ("CLV : CAC", digits(2)),
}
_PAYBACK = {
    "cohort": ("Cohort", None),
    "share_at_once": ("At once", share),
    "payback_q25": ("A quarter by", html.Until()),
    "payback_q50": ("Half by", html.Until()),
    "payback_q75": ("Three quarters by", html.Until()),
    "share_never": ("Never", share),
    "expected_payback_q50": ("On average after", html.Until()),
}


def decisions(run: Run) -> Html:
    """What a new customer may cost, when they pay back, and which cohort is worth more."""
    tables = run.tables
    if "acquisition" not in tables:
        return Html("")
    unit, acquisition, payback = run.unit, tables["acquisition"], tables["payback"]
    shown = _largest(run, acquisition["cohort"])
    curves = tables["payback_curve"].loc[lambda table: table["cohort"].isin(shown)]
    pieces = [
        title("decisions"),
        paragraph(texts.DECISIONS.format(horizon=run.horizon)),
        *([paragraph(texts.DECISIONS_AFTER_COSTS)] if run.running else []),
        *(paragraph(text) for text in _gates(run)),
        *([paragraph(texts.AVERAGED)] if _unlike(run) else []),
        html.table(acquisition, _ACQUISITION, caption=texts.ACQUISITION),
        html.table(payback, _PAYBACK, caption=(texts.PAYBACK[0], texts.PAYBACK[1].format(unit=unit))),
        *(paragraph(texts.NOTES.format(note=note)) for note in _spend_notes(acquisition)),
        figure(plot.payback(curves, time_unit=unit), caption=(texts.PAYBACK_PICTURE, _rest(run, curves))),
        figure(plot.payback_margin(curves, time_unit=unit), caption=texts.MARGIN_PICTURE),
    ]
    if "better" in tables:
        pairs = tables["better"].set_index("cohort")
        compared = [label for label in shown if label in pairs.index]
        pairs = pairs.loc[compared, compared]
        pieces.append(figure(plot.better(pairs), caption=texts.BETTER))
    if run.free:
        pieces.append(paragraph(texts.NOTHING_TO_DECIDE))
    elif "information" in tables:
        pieces.append(paragraph(_information(run)))
    return join(pieces)


def _gates(run: Run) -> list[str]:
    """Why nothing is advised by cohort, where that is so."""
    failed = run.facts["failed_cohorts"]
    several = len(run.tables["cohorts"]) > 1
    if several and not any(model.get("design") for model in run.manifest["models"].values()):
        return [texts.COHORTS_UNKNOWN]
    return [texts.COHORTS_FAILED.format(cohorts=", ".join(f"“{label}”" for label in failed))] if failed else []


def _spend_notes(acquisition: pd.DataFrame) -> list[str]:
    """Notes on cohorts of which no expected value can be stated, which hold of payback too."""
    noted = acquisition.loc[acquisition["note"] != "", ["cohort", "note"]]
    alone = len(acquisition) == 1
    return [note if alone else f"{cohort}: {note}" for cohort, note in noted.itertuples(index=False)]


def _rest(run: Run, curves: pd.DataFrame) -> str:
    """What becomes of those who have not paid back at the end of the curve."""
    end = float(curves["time"].max())
    if end >= float(run.facts["assumptions"]["horizon"]):
        return texts.PAID_BACK_TO_THE_END
    return texts.PAID_BACK_SO_FAR.format(length=f"{end:.3g}", unit=run.unit)


def _unlike(run: Run) -> bool:
    """Whether a model looks at more of a customer than the cohort."""
    designs = [model["design"] for model in run.manifest["models"].values() if "design" in model]
    return any({*one["cohorts"], *one["numeric"], *one["categorical"]} - {"cohort"} for one in designs)


def _largest(run: Run, labels: pd.Series) -> list[str]:
    """The largest cohorts, in the order of the labels."""
    table = run.tables["cohorts"]
    single = table if len(table) == 1 else table[~table["everybody"].astype(bool)]
    sizes = single.set_index("cohort")["customers"]
    keep = set(sizes.reindex(labels).sort_values(ascending=False, kind="stable").index[:SHOWN])
    return [label for label in labels if label in keep]


def _information(run: Run) -> str:
    """What is best now, and what it is worth to know more: a value of data only where it stands out from its error."""
    table = run.tables["information"]
    first = table.iloc[0]
    words = {
        "action": _action(run, str(first["action"])),
        "evpi": money(float(first["evpi"])),
        "customers": whole(float(first["customers"])),
    }
    now = texts.BEST_NOW.format(**words)
    if float(first["evpi"]) < texts.NEGLIGIBLE * run.facts["revenue"] / run.facts["orders"]:
        return now + texts.NO_INFORMATION.format(per_mille=f"{1000 * texts.NEGLIGIBLE:g}")
    clear = table.loc[table["evsi"] > CLEAR * table["evsi_error"]]
    if clear.empty:
        return now + texts.PERFECT_ONLY.format(**words)
    best = clear.iloc[int(clear["evsi"].argmax())]
    words |= {"evsi": money(float(best["evsi"])), "cohort": str(best["cohort"])}
    return now + texts.INFORMATION.format(**words)


def _action(run: Run, action: str) -> str:
    if action == "nothing":
        return texts.DO_NOTHING
    apart = any(model.get("design") for model in run.manifest.get("models", {}).values())
    return texts.ACQUIRE_ANY if action == "all" and not apart else texts.ACQUIRE.format(cohort=action)


def pooled(run: Run) -> Html:
    """How far cohorts differ, and how much small ones borrow."""
    if "shrinkage" not in run.tables:
        return Html("")
    table = run.tables["shrinkage"]
    unit = run.unit.removesuffix("s")
    pieces = [
        html.heading(3, texts.POOLED_HEADING),
        paragraph(texts.POOLED),
        figure(plot.shrinkage(table, time_unit=unit), caption=texts.SHRINKAGE),
        html.table(
            run.tables["effects"],
            {
                "effect": ("Effect", None),
                "level": ("Of", None),
                "value_q50": ("Factor", digits(2)),
                "value_q05": ("5 %", digits(2)),
                "value_q95": ("95 %", digits(2)),
                "p_above": ("P(above 1)", share),
            },
            caption=texts.EFFECTS,
        ),
    ]
    return join(pieces)


def retention(run: Run) -> Html:
    """Cohorts through time, counted."""
    if "retention" not in run.tables:
        return Html("")
    return figure(plot.retention_triangle(run.tables["retention"]), caption=texts.RETENTION)


def revenue_curves(run: Run) -> Html:
    """Hold-out revenue of each cohort as it came in, beside what was expected, and by decile of the forecast."""
    pieces = []
    if "revenue_curve" in run.tables:
        unit = run.unit
        table = run.tables["revenue_curve"]
        pieces.append(figure(plot.cumulative_revenue(table, time_unit=unit), caption=texts.REVENUE_CURVES))
    if "deciles" in run.tables:
        pieces.append(figure(plot.deciles(run.tables["deciles"]), caption=texts.DECILES))
    return join(pieces)
