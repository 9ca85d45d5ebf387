"""Make the data set: ``python make.py`` simulates the population `mechaforge` and writes all files beside this one."""

import hashlib
import json
import sys
from pathlib import Path

from kundenwert.simulate import mechaforge, simulate_population

HERE = Path(__file__).parent
SEED = 2017

ATTRIBUTES = {
    "cohort": "year of acquisition; costs.csv has the same heading over channels, as cost tables are read",
    "channel": "how the customer was won: Messe (fair), Empfehlung (referral), Web, Händler (dealer)",
    "region": "Nord, Süd, West, Ost, Export",
    "contract": "service contract: ohne (none), Basis, Plus, Premium",
    "industry": "the customer's industry",
    "machines": "machines in the customer's works (count)",
}
LATENT = {
    "T": "time from the first purchase to the end of observation",
    "r, alpha, s, beta, p, q, v": "law of customers of this cohort and these attributes, effects applied",
    "purchase_rate, dropout_rate": "the customer's own rates: orders and drop-out per month",
    "mean_spend": "the customer's own mean value of an order (EUR)",
    "lifetime, alive": "time from the first purchase to drop-out; whether that lies after the end of observation",
    "purchases_to_date, value_to_date, refunded_to_date": "orders up to the end, the first included; EUR; EUR refunded",
    "holdout_…, expected_holdout_…": "what happened in the hold-out, and what was expected of the true rates",
    "purchases_H, value_H, rlv_H": "orders within H months after the end; EUR; EUR discounted at 10 % a year",
    "expected_…_H": "expectation of these, given the true rates and whether the customer is alive",
    "clv_L, clv_undiscounted_L": "value within L months of the first purchase, with that one, minus acquisition cost",
    "expected_clv_…": "expectation of these, given the true rates",
    "law_clv_…, law_purchases_L": "expectation given only the law: of a new customer; repeat orders within L months",
    "holdout_refunded, refunded_H": "what of the same orders is refunded (EUR); all other money is before refunds",
}

INFO = {
    "title": "Mechaforge: orders of 750 industrial customers of an invented machine builder, 2017 to 2024",
    "source": "Simulated by kundenwert.simulate, population `mechaforge`; make.py makes every byte of it",
    "licence": "MIT, like the program",
    "references": [
        "Schmittlein, D. C., Morrison, D. G., & Colombo, R. (1987). Counting your customers. Mgmt. Science, 33(1).",
        "Fader, P. S., & Hardie, B. G. S. (2013). The Gamma-Gamma model of monetary value. Note.",
    ],
    "description": (
        "A machine builder sells machines (few, dear), rebuilds, spare parts and service contracts. Customers are won "
        "at fairs, by referral, over the web and through dealers, at costs from 450 to 2,400 EUR each. No person or "
        "firm stands behind any row. Semicolons, decimal commas, dd.mm.yyyy, UTF-8 with a byte-order mark."
    ),
    "what_holds": (
        "Repeat orders follow the Pareto/NBD model and order values the Gamma-Gamma model, given cohort and "
        "attributes: these multiply the rates (population.json holds all parameters). Rate, drop-out and spend are "
        "independent given the attributes. The categories are names given to orders by value and contract; they "
        "change nothing. Orders fall on any day, weekends included."
    ),
    "broken_on_purpose": [
        "Season: the purchase rate varies by month, from 20 % below its mean in August to 15 % above in October.",
        "Refunds: 3 % of the orders are credited, 60 % of these in part, about three weeks later (negative amounts).",
        (
            "Attributes: a model without them sees more heterogeneity and a dependence of spend on purchase rate, for "
            "contracts make orders more frequent and smaller, while machines make them more frequent and larger."
        ),
    ],
    "time_unit": "M",
    "currency": "EUR",
    "observation_end": "2022-12-31",
    "holdout_end": "2024-12-31",
    "columns": {
        "customer_id": "customer (text)",
        "date": "day of the order or refund (dd.mm.yyyy)",
        "amount": "value of the order in EUR; negative for a refund (Gutschrift)",
        "category": "Maschine, Umbau, Ersatzteil, Servicevertrag",
        **ATTRIBUTES,
    },
    "columns_customers": {
        "customer_id": "customer (text)",
        "cohort": ATTRIBUTES["cohort"],
        "first_purchase": "day of the first order",
        **{name: text for name, text in ATTRIBUTES.items() if name != "cohort"},
        "cac": "cost of acquiring this customer (EUR)",
    },
    "columns_costs": {"cohort": "channel", "cac": "cost of acquiring one customer (EUR)"},
    "columns_truth": LATENT,
}


def main(folder: Path) -> None:
    made = simulate_population(mechaforge(), seed=SEED, horizons=(12, 24), relationship=(36, 120))
    files = made.write(folder, german=True)
    hashes = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    rows = {name: len(getattr(made, name)) for name in ("transactions", "customers", "costs", "truth")}
    rows["refunds"] = int((made.transactions["amount"] < 0).sum())
    info = INFO | {"file": "transactions.csv", "seed": SEED, "rows": rows["transactions"], "rows_by_table": rows}
    info |= {"sha256": hashes["transactions.csv"], "sha256_by_file": hashes}
    text = json.dumps(info, indent=2, ensure_ascii=False) + "\n"
    (folder / "info.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) == 2 else HERE)
