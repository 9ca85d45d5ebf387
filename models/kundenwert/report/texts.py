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
OUTSIDE = "The formula's number lies outside that interval: a budget based on it would be too high or too low."
INSIDE = "The formula's number lies inside that interval: for the average customer the formula is good enough here."
MEDIAN = "{} (the median; the mean has no finite value)"
NO_MEAN = "The data do not determine the mean, so the formula is not judged here."
AFTER_COSTS = (
    "All values on this page are after running costs: {costs}. Service is paid while a customer is one. A value below 0 "
    "means that serving a customer costs more than the customer brings."
)
BY_COHORT = "an amount that differs between cohorts"
RUNNING = (
    "Running costs: {order} for each order, {service} a year for each customer, discounted as the money that comes in. In "
    "each simulated future service ends on the day on which the customer leaves, whether anybody notices or not; who "
    "serves customers until their silence is noticed pays more than this."
)
ONLY_REVENUE = (
    "neither a margin nor an acquisition cost was given, so every value on this page is revenue, and a new customer costs "
    "nothing: give both before you decide anything by these numbers"
)
CHECKS = ("Can the numbers be believed?", "Each line is computed from the data and this fit.")

ACCOUNTING = (
    "Every row of the input.",
    "Kept, merged and excluded rows add up to the {rows} rows read; notes only draw attention to something.",
)
DATA = (
    "The log “{name}” was read as {how}. A purchase is a customer's day: purchases of one customer on one day are one "
    "purchase. Frequency counts repeat purchases; recency is the time from the first to the last purchase, not since "
    "the last one; T is the time from the first purchase to the end of observation. Times are exact days divided by "
    "the length of a unit, here in {unit}."
)
COUNTS = "{customers} customers made {orders} purchases worth {revenue}; {repeaters} of them ({share}) came back."

MODEL_PURCHASES = {
    "pareto_nbd": (
        "Purchases follow the Pareto/NBD model (Schmittlein, Morrison & Colombo 1987): while alive a customer buys at "
        "random at a rate of their own, and drops out for good at a time nobody sees. Rates and drop-out rates differ "
        "between customers by gamma laws whose parameters r, alpha, s, beta are learned."
    ),
    "nbd": (
        "Purchases follow the NBD model (Ehrenberg 1959): a customer buys at random at a rate of their own, and nobody "
        "leaves. Rates differ between customers by a gamma law whose parameters r, alpha are learned."
    ),
    "bg_nbd": (
        "Purchases follow the BG/NBD model (Fader, Hardie & Lee 2005): a customer buys at random at a rate of their "
        "own, and may leave after each repeat purchase. Rates differ between customers by a gamma law, chances to "
        "leave by a beta law; their parameters r, alpha, a, b are learned."
    ),
    "mbg_nbd": (
        "Purchases follow the MBG/NBD model (Batislam, Denizel & Filiztekin 2007; Hoppe & Wagner 2007): a customer buys "
        "at random at a rate of their own, and may leave after each purchase, the first one included. Rates differ "
        "between customers by a gamma law, chances to leave by a beta law; their parameters r, alpha, a, b are learned."
    ),
    "mbg_cnbd": (
        "Purchases follow the MBG/CNBD-k model (Platzer & Reutterer 2016): a customer buys at a rate of their own, the "
        "more regularly the larger k, and may leave after each purchase, the first one included. Rates differ between "
        "customers by a gamma law, chances to leave by a beta law; their parameters r, alpha, a, b and k are learned."
    ),
}
VARIANTS = " The data say {told}."
OTHER_PURCHASES = "Purchases follow the law {name}."
MODEL_SPEND = (
    "Spend per purchase follows the Gamma-Gamma model (Fader & Hardie 2013): purchases vary around a customer's own "
    "mean, and these means vary between customers. {first}{method}"
)
FIRST_PURCHASES = "A customer's first purchase is looked at too: it has a level and a noise of its own. "
METHODS = {
    "nuts": "Both posteriors were drawn by NUTS.",
    "importance": "Both posteriors were drawn by importance sampling around their modes, whose own checks are below.",
    "map": "Only the most probable parameters were computed, so their uncertainty is not included here.",
    "mixed": "One posterior was drawn by importance sampling around its mode, the other by NUTS; their checks are below.",
}
PARAMETERS = (
    "Posterior of the parameters.",
    "Priors are stated for quantities that a person can judge; parameters marked “derived” follow from these.",
)
CONVERGENCE = (
    "Convergence.",
    "Every check with its bound. If a fit fails one, its values are refused, or marked where you allowed them.",
)
PRIOR = (
    "Prior beside posterior.",
    (
        "Where the filled shape is much narrower than the dashed line, the data decided; where the two look alike, the prior "
        "did. Drop-out is learned slowly: in a short observation its spread (dropout_cv) stays close to the prior."
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
    "first_weight": "first purchase tells as much as so many others",
    "first_level": "first purchase / repeat purchase",
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
    "The model has seen only what lies left of the line; to the right it forecasts. If the actual line leaves the band and "
    "does not return, the model may miss something that affects all customers."
)
TRACKING_FITTED = (
    "The model has seen all of this. If the actual line leaves the band and does not return, the model may miss something "
    "that affects all customers. How well it forecasts cannot be tested without a hold-out."
)
INCREMENTAL = (
    "The same by week.",
    "The model knows no seasons: peaks such as Christmas stand out from its smooth line.",
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
        "what each group's mean will really be; {inside} of {groups} actual means lie inside theirs. The bars leave out "
        "what affects all customers and the model does not know, such as a season. Frequent buyers are forecast to buy "
        "less than before: part of their past was luck."
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
    "prices and advertising, which this model does not know. The true uncertainty of a total is therefore at least as "
    "large as its interval."
)
NO_HOLDOUT = (
    "No hold-out was set aside, so forecasts could not be compared with what happened. For that, choose an end of "
    "observation within the data and a later end of the hold-out."
)

FORMULA = (
    "The simple formula is CLV = AOV × purchase frequency × lifespan − CAC. Its lifespan is taken in three ways: from "
    "first to last purchase, as 1 / churn, and as an assumed {years} years. It stands here as a company computes it, "
    "and again on the posterior's terms: the same margin, the same horizon, the same discounting."
)
FORMULA_AFTER_COSTS = (
    "The simple formula is CLV = ((margin × AOV − order cost) × purchase frequency − service cost) × lifespan − CAC. Its "
    "lifespan is taken in three ways: from first to last purchase, as 1 / churn, and as an assumed {years} years. It stands "
    "here as a company computes it, and again on the posterior's terms: the same margin and costs, the same horizon, the "
    "same discounting."
)
DUMBBELLS = (
    "CLV per customer by cohort, on equal terms.",
    (
        "Lines are the posterior's {nominal} intervals of what a cohort's customers will really be worth on average. "
        "The truth lies outside them with a probability of only {rest}: a formula's mark there is seldom right, and the "
        "less so the farther out it lies."
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
    "What happened, the posterior's forecast with its interval, and the formula's rate applied to the same time.",
)
NOTES = "Note: {note}."

WHY = (
    "Formula divided by posterior, before acquisition cost, is a product of five reasons, exactly. Order value: orders "
    "pooled, against what a customer is expected to spend. Purchase frequency: the first purchase counted, and the "
    "time after a customer left, against the rate of living customers. Lifespan: the formula's, against the expected "
    "one, with customers who may be gone. Heterogeneity: the formula multiplies averages, while frequent buyers may "
    "stay longer or spend more than the rest, or less; {heterogeneity}. Discounting: money that comes later is worth less."
)
WHY_BEFORE_COSTS = "What orders and service cost is left out here as well, so these values are higher than those above."
PRODUCT_LOW = "here that makes the formula too low, as when those who buy often also stay longer"
PRODUCT_HIGH = "here that makes the formula too high, as when those who buy often stay less long"
PRODUCT_EVEN = "here the data do not say in which direction"
WHY_INFINITE = "The horizon is infinite, and without discounting the value may be infinite too, so the difference was not broken down."
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
    "In this hold-out{among} the most accurate forecast for single customers (absolute error) was {mae}. The closest total "
    "came from {bias}, and the best ranking of customers (Gini) from {gini}. Where another method than the posterior is "
    "named, that simpler rule did better."
)
AMONG = ", among the {compared} of {customers} customers for whom each of these forecasts exists,"
NO_VERDICT = "Too little was bought in this hold-out to say which forecast was best."
BASELINES = (
    "Hold-out revenue per customer.",
    (
        "All methods are compared on the same customers: those for whom every forecast exists. A method that covers too few "
        "customers has no figures. Top tenth: revenue of the tenth that a forecast picks, as a share of what the truly best tenth brought. "
        "Error by cohort: sum of absolute errors of cohort totals over the total."
    ),
)
BASELINES_PICTURE = ("Mean absolute error.", "On the customers of the table; shorter is better.")

DECISIONS = (
    "The value of a new customer, including the first purchase, is counted {horizon}. A new customer may cost at most their expected "
    "value before cost; the interval says how well this limit is known, and is narrow if there are many data. Whether one "
    "particular customer pays back is another question, with a probability of its own."
)
DECISIONS_AFTER_COSTS = (
    "Running costs are taken off first. They can eat up what had been earned back, so a customer counts as paid back from "
    "the day on which the cost stays covered until the end of the horizon."
)
COHORTS_UNKNOWN = (
    "The models treat all cohorts alike, so this section does not compare them. To compare cohorts, let them differ "
    "(option --effects cohort)."
)
COHORTS_FAILED = (
    "What {cohorts} bought in the hold-out lay outside the forecast. Their rows are shown for completeness; no advice is "
    "given about them."
)
AVERAGED = (
    "The models also tell customers of one cohort apart. A row is then the average over the cohort's own customers, as "
    "they were so far: if a campaign wins other customers, their value is another one."
)
ACQUISITION = (
    "Value of a new customer against what they cost.",
    "P(worth its cost) is about the average customer, P(one pays back) about a single customer.",
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
    "No acquisition cost was given, so costs and values cannot be weighed against each other. The table shows the most "
    "that a new customer may cost."
)
BEST_NOW = "With what is known now the best next step is to {action}. "
INFORMATION = (
    "Knowing everything about these customers first would be worth {evpi} per customer acquired, and no data are worth "
    "more; watching {customers} more customers of “{cohort}” for a month is worth about {evsi}. If finding out costs more "
    "than that, decide now."
)
PERFECT_ONLY = (
    "Knowing everything about these customers first would be worth {evpi} per customer acquired, and no data are worth "
    "more. The data are too few to tell what watching {customers} more customers for a month would be worth."
)
NEGLIGIBLE = 0.001
"""Share of an order's value below which knowing everything would be worth next to nothing."""
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
CUSTOMERS_AFTER_COSTS = (
    "The most valuable customers by expected residual value.",
    (
        "Residual value (RLV) over the horizon with its interval of the outcome, after what orders and service will cost; "
        "CLV adds what was earned so far, and subtracts what orders and service have cost so far and the acquisition cost. "
        "The full table is customers.csv."
    ),
)
DISTRIBUTION = (
    "How residual value is distributed.",
    "Each customer counts once, on a logarithmic axis. The farther it stretches to the right, the more depends on a few.",
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
