"""The report's sentences in English, in one place: a second language is a second file like this one."""

UNITS = {"D": "days", "W": "weeks", "M": "months", "Y": "years"}

SECTIONS = (
    ("summary", "Summary"),
    ("data", "Data"),
    ("models", "Models"),
    ("fit", "Does it fit?"),
    ("holdout", "Hold-out"),
    ("cohorts", "Formula against posterior"),
    ("why", "Why they differ"),
    ("decisions", "What a new customer may cost"),
    ("customers", "Customers"),
    ("limits", "Assumptions and limits"),
    ("provenance", "Provenance"),
)

LEAD = "Customer lifetime value of {customers} customers, observed from {start} to {end}."
TWO_KINDS = (
    "Two kinds of intervals appear on this page. An interval of the outcome says what will really happen, with the "
    "luck of single purchases in it: plan with this one. An interval of the expectation says how well the average is "
    "known, and would shrink with more data. Intervals are outcome intervals unless they are called expected, and "
    "hold {nominal} of the probability."
)
ANSWER = (
    "On equal terms (same margin, horizon and discounting) the simple formula with a lifespan of {years} years puts the "
    "average customer at {formula}; the posterior puts it at {posterior} ({nominal} interval {interval}). {verdict}"
)
OUTSIDE = "The formula's number lies outside that interval: budgets that follow it rest on customers who are not there, or miss some who are."
INSIDE = "The formula's number lies inside that interval: for the average customer it does no harm here."
MEDIAN = "{} (the median; the mean has no finite value)"
NO_MEAN = "With a mean that the data leave open, nothing is said about the formula here."
ONLY_REVENUE = (
    "neither a margin nor an acquisition cost was given, so every value on this page is revenue, and a new customer costs "
    "nothing: give both before anything is decided by it"
)
CHECKS = ("Can the numbers be believed?", "Each line is computed from the data and this fit.")

ACCOUNTING = ("Every row of the input.", "Kept, merged and excluded rows add up to {rows} rows read; notes only point.")
DATA = (
    "The log “{name}” was read as {how}. A purchase is a customer's day: purchases of one customer on one day are one "
    "purchase. Frequency counts repeat purchases; recency is the time from the first to the last purchase, not since "
    "the last one; T is the time from the first purchase to the end of observation. Times are exact days divided by "
    "the length of a unit, here in {unit}."
)
COUNTS = "{customers} customers made {orders} purchases worth {revenue}; {repeaters} of them ({share}) came back."

MODEL_PURCHASES = (
    "Purchases follow the Pareto/NBD model (Schmittlein, Morrison & Colombo 1987): while alive a customer buys at "
    "random at a rate of their own, and drops out for good at a time nobody sees. Rates and drop-out rates differ "
    "between customers by gamma laws whose parameters r, alpha, s, beta are learned."
)
MODEL_SPEND = (
    "Spend per purchase follows the Gamma-Gamma model (Fader & Hardie 2013): purchases vary around a customer's own "
    "mean, and these means vary between customers. {method}"
)
METHODS = {
    "nuts": "Both posteriors were drawn by NUTS.",
    "importance": "Both posteriors were drawn by importance sampling around their modes, whose own checks are below.",
    "map": "Only the modes were computed: the parameters carry no uncertainty here.",
    "mixed": "One posterior was drawn by importance sampling around its mode, the other by NUTS; their checks are below.",
}
PARAMETERS = (
    "Posterior of the parameters.",
    "Priors are stated on quantities a person can judge; those marked derived follow from them.",
)
CONVERGENCE = (
    "Convergence.",
    "Every check with its bound. Values from a fit that fails one are refused, or marked where that was allowed.",
)
PRIOR = (
    "Prior beside posterior.",
    (
        "Where the filled shape is much narrower than the dashed line the data spoke; where they look alike the prior did. "
        "Drop-out is learned slowly: on short windows its spread (dropout_cv) stays close to the prior."
    ),
)
QUANTITIES = {
    "yearly_purchases": "purchases a year, alive",
    "rate_cv": "spread of purchase rates (CV)",
    "half_life": "years until half are gone",
    "dropout_cv": "spread of drop-out rates (CV)",
    "relative_spend": "typical spend / median spend",
    "purchase_cv": "spread within a customer (CV)",
    "customer_cv": "spread between customers (CV)",
}

HISTOGRAM = (
    "Repeat purchases of the customers.",
    (
        "Bars are the data, points what the fitted model produces when it simulates the same customers anew. The points' "
        "intervals should cover the bars."
    ),
)
TRACKING = "Repeat purchases week by week, added up."
TRACKING_HOLDOUT = (
    "The model was fitted left of the line only. To the right it forecasts; where the actual line leaves the band of the "
    "expectation for good, the model may miss something that all customers share."
)
TRACKING_FITTED = (
    "The model was fitted to all of this: where the actual line leaves the band of the expectation for good, the model may "
    "miss something that all customers share. Whether it forecasts is not tested without a hold-out."
)
INCREMENTAL = (
    "The same by week.",
    "The model knows no seasons: what comes and goes with one, such as Christmas, stands out from its smooth line.",
)
SPEND = (
    "Mean value of a customer's repeat purchases.",
    "Quantiles of the data beside those of simulated customers with their intervals.",
)

SCORES = (
    "Error of the forecasts, per customer.",
    (
        "Mean absolute error, root mean squared error and bias, beside what anyone could have forecast without a model. "
        "The posterior median is the best guess for absolute error, the mean for squared error and for totals."
    ),
)
CONDITIONAL = (
    "Hold-out purchases by purchases so far.",
    (
        "Customers with the same number of repeat purchases so far, actual and forecast. Bars are {nominal} intervals of "
        "what each group's mean will really be; actual means inside theirs: {inside} of {groups}. What all "
        "customers share and the model does not know, such as a season, is not in the bars. Regression to the mean is "
        "visible where the forecast lies below the past."
    ),
)
COVERAGE = (
    "How often the intervals contain what happened.",
    (
        "Filled marks are intervals of the outcome and should lie at or above the dashed line; open marks are intervals of "
        "the expectation and need not."
    ),
)
LESSON = (
    (
        "A lesson in two intervals. The interval of the expectation contains the real purchases of {expected} of the "
        "customers, the interval of the outcome those of {outcome}; both claim {nominal}."
    ),
    (
        "They answer different questions. The first answers “what do customers like this one buy on average?”, the second "
        "“what will this customer do?”. A table of customers that prints the first kind beside each name, as many programs "
        "do, promises a certainty that nobody has."
    ),
)
TOO_NARROW = (
    "Here the second kind, too, holds fewer customers than it claims: the model misses something about single customers, "
    "and its intervals are too narrow for them."
)
TOTALS = (
    "Totals are sums within one draw, never sums of intervals. They depend on what all customers share, such as seasons, "
    "prices and advertising, which this model does not know. Take the interval of a total as the least uncertainty there "
    "is."
)
NO_HOLDOUT = (
    "No hold-out was set aside, so nothing here compares forecasts with facts. To see that, name an end of observation "
    "inside the data and an end of the hold-out after it."
)

FORMULA = (
    "The simple formula is CLV = AOV × purchase frequency × lifespan − CAC. Its lifespan is taken in three ways: from "
    "first to last purchase, as 1 / churn, and as an assumed {years} years. It stands here as a company computes it, "
    "and again on the posterior's terms: the same margin, the same horizon, the same discounting."
)
DUMBBELLS = (
    "CLV per customer by cohort, on equal terms.",
    (
        "Lines are the posterior's {nominal} intervals of what a cohort's customers will really be worth on average. "
        "Outside them, on both sides together, lie the other {rest} of the probability: a formula's mark there may be right "
        "now and then, but neither often nor far away."
    ),
)
DUMBBELLS_PLAIN = (
    "The same with the formula as a company computes it.",
    "Without horizon and discounting the assumed lifespan decides almost everything.",
)
COHORTS = (
    "CLV per customer by cohort.",
    "Posterior with its interval, and the formula in its three readings on equal terms. The last row pools everybody.",
)
KPIS = ("The measures behind the formula.", "Counted, not modelled; beside them the mean probability of being alive.")
HOLDOUT_COHORTS = (
    "Revenue of the hold-out by cohort.",
    "What happened, what the posterior said with its interval, and the formula's rate carried on.",
)
NOTES = "Note: {note}."

WHY = (
    "Formula divided by posterior, before acquisition cost, is a product of five reasons, exactly. Order value: orders "
    "pooled, against what a customer is expected to spend. Purchase frequency: the first purchase counted, and the "
    "time after a customer left, against the rate of living customers. Lifespan: the formula's, against the expected "
    "one, with customers who may be gone. Heterogeneity: the formula multiplies averages, while those who buy often may "
    "stay and spend otherwise than the rest; {heterogeneity}. Discounting: what lies ahead is worth less."
)
PRODUCT_LOW = "here that makes the formula too low, as when those who buy often also stay longer"
PRODUCT_HIGH = "here that makes the formula too high, as when those who buy often stay less long"
PRODUCT_EVEN = "which way that goes is not certain here"
WHY_INFINITE = "The horizon is infinite, where an undiscounted value may not exist; no decomposition was made."
WATERFALL = (
    "From the formula with the assumed lifespan to the posterior, per customer.",
    "Each bar is what one reason adds or takes away in money; the factor beside it is formula / posterior with its interval.",
)
REASONS = (
    "The reasons for everybody, for each lifespan of the formula.",
    "A factor above 1 makes the formula too high. The five factors multiply to formula / posterior.",
)
FACTORS = ("The reasons by cohort.", "Right of 1 the formula is too high for this reason, left of it too low.")
REASON_NAMES = {
    "order_value": "order value",
    "frequency": "purchase frequency",
    "lifespan": "lifespan",
    "heterogeneity": "heterogeneity",
    "discounting": "discounting",
    "formula": "formula, before cost",
    "ratio": "formula / posterior",
    "posterior": "posterior, before cost",
}
LIFESPANS = {"observed": "first to last purchase", "churn": "1 / churn", "assumed": "assumed"}
LARGEST = "The largest single reason here is the {reason}."

BASELINES_HEADING = "What a sceptic would have forecast"
FORECASTS = {
    "posterior mean": "posterior",
    "annuity": "annuity: own average so far",
    "last 12 months": "last 12 months again",
    "formula_overall_full": "formula, everybody alike",
    "formula_cohort_full": "formula by cohort",
    "formula_cohort_observed": "formula, first to last purchase",
    "formula_cohort_churn": "formula, 1 / churn",
    "formula_cohort_assumed": "formula, assumed lifespan",
    "nbd": "NBD: nobody ever leaves",
    "nobody returns": "nobody returns",
}
OURSELVES = "the posterior"
VERDICT = (
    "On this hold-out{among} the smallest absolute error per customer has {mae}, the total is met best by {bias}, and the "
    "best order of customers (Gini) comes from {gini}. Where that is not the posterior, a simpler rule would have done as "
    "well."
)
AMONG = ", among the {compared} of {customers} customers for whom each of these forecasts exists,"
NO_VERDICT = "Nothing was bought in this hold-out that forecasts could be told apart by."
BASELINES = (
    "Hold-out revenue per customer.",
    (
        "All on the same customers: those for whom each of the forecasts exists. A method that answers for too few has no "
        "figures. Top tenth: revenue of the tenth that a forecast picks, as a share of what the truly best tenth brought. "
        "Error by cohort: sum of absolute errors of cohort totals over the total."
    ),
)
BASELINES_PICTURE = ("Mean absolute error.", "On the customers of the table; shorter is better.")

DECISIONS = (
    "A customer not yet seen, first purchase included, counted {horizon}. The most a customer may cost is the expected "
    "value before cost; its interval says how well that limit is known, and is narrow where data are many. Whether one "
    "single customer pays back is another question, with another probability."
)
COHORTS_UNKNOWN = (
    "The models do not tell cohorts apart, so nothing is said here about one cohort against another: a customer of each "
    "is taken for a customer of all. To compare cohorts, let them differ (option --effects cohort)."
)
COHORTS_FAILED = (
    "What {cohorts} bought in the hold-out lay outside what was forecast for them. Their rows stand here for the record; "
    "nothing is advised about them."
)
TYPICAL = (
    "The models also look at what tells customers of one cohort apart. A row is then a typical customer of the cohort, "
    "whose effects are the cohort's average on the logarithmic scale; the mean over unlike customers is higher."
)
ACQUISITION = (
    "Value of a new customer against what they cost.",
    "P(worth its cost) is about the average customer, P(one pays back) about a single one.",
)
PAYBACK = (
    "When a new customer has paid back.",
    (
        "Times in {unit} after the first purchase. “Never” is a cost that is not earned back within the horizon: where a "
        "quantile says never, fewer customers than that ever pay back. On average: when the expected margin of a new customer "
        "covers the cost."
    ),
)
PAYBACK_PICTURE = "Share of new customers who have paid back."
PAID_BACK_TO_THE_END = "Those who have not by the end of the curve never will within the horizon."
PAID_BACK_SO_FAR = "The curve ends after {length} {unit}, the horizon does not: the table says how many never will."
MARGIN_PICTURE = ("Expected cumulative margin of a new customer.", "The band is that of the expectation.")
BETTER = (
    "Which cohort is worth more after cost?",
    "Probability that the row's cohort is worth more than the column's.",
)
DO_NOTHING = "acquire nobody"
ACQUIRE_ANY = "acquire customers at this cost"
ACQUIRE = "acquire customers of “{cohort}”"
NOTHING_TO_DECIDE = (
    "No acquisition cost was given, so there is nothing to weigh here: what a customer may cost is the most that can be "
    "paid, and every cohort pays back a cost of nothing."
)
BEST_NOW = "With what is known now the best next step is to {action}. "
INFORMATION = (
    "Knowing everything about these customers first would be worth {evpi} per customer acquired, and no data are worth "
    "more; watching {customers} more customers of “{cohort}” for a month is worth about {evsi}. If finding out costs more "
    "than that, decide now."
)
PERFECT_ONLY = (
    "Knowing everything about these customers first would be worth {evpi} per customer acquired, and no data are worth "
    "more; what watching {customers} more customers for a month is worth cannot be told from nothing here."
)
NEGLIGIBLE = 0.001
"""Share of an order's value below which knowing everything would be worth nothing to speak of."""
NO_INFORMATION = (
    "Even knowing everything about these customers first would be worth less than {per_mille} ‰ of an order per customer "
    "acquired: there is no reason to wait for more data."
)
POOLED_HEADING = "How cohorts differ"
POOLED = (
    "Cohorts share one law and deviate from it by effects that are drawn towards each other: a small cohort borrows "
    "strength from the others, a large one speaks for itself."
)
SHRINKAGE = (
    "Counted and pooled purchase rates.",
    "Open: repeat purchases counted per customer and time. Filled: the model's, with its interval.",
)
EFFECTS = (
    "Effects on rates and spend.",
    "Factors on the average: above 1 a group buys more often, drops out sooner, spends more.",
)
RETENTION = (
    "Cohorts through time.",
    "Share of a cohort's customers who bought in each period since acquisition. Blank cells lie outside the data.",
)
REVENUE_CURVES = (
    "Hold-out revenue per customer as it came in.",
    "Line and marks are actual; the band is the posterior's interval of the outcome.",
)
DECILES = (
    "Customers by decile of the forecast.",
    "A useful forecast falls steeply from left to right, and the actual means follow it.",
)

CUSTOMERS = (
    "The most valuable customers by expected residual value.",
    (
        "Residual value (RLV) over the horizon with its interval of the outcome; CLV adds what was earned so far and "
        "subtracts the acquisition cost. The full table is customers.csv."
    ),
)
DISTRIBUTION = (
    "How residual value is distributed.",
    "Each customer counts once, on a logarithmic axis. The further the right end stretches, the more depends on few.",
)
CONCENTRATION = (
    "Concentration of expected residual value.",
    "Share of the total held by the best customers.",
)

LIMITS = (
    (
        "A customer's purchases come at random at a constant rate while alive. Regular buyers (contracts, subscriptions) "
        "are less random than the model says, so its intervals are too wide for them."
    ),
    "Drop-out is for good and unseen. Customers who pause for a year and return look dead in between.",
    (
        "There are no seasons, trends, prices or campaigns. They move all customers together: totals can leave their "
        "intervals although single customers' intervals are right."
    ),
    "Spend is independent of frequency. {independence}",
    "Margins are one share of revenue, acquisition costs are as given, and the value of the past is not discounted.",
    (
        "An infinite horizon is sensitive to the discount rate, because some customers live very long; prefer a finite "
        "one for decisions."
    ),
    "The value of a customer says nothing about what an action would change. It is a forecast under business as usual.",
)

PROVENANCE = ("Where these numbers come from.", "The folder's manifest.json holds the same and more.")
