"""Effects of cohorts and covariates: their density, their gradient, what they recover, and what new customers get."""

from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from kundenwert.bayes import build_model, fit, load_fit
from kundenwert.bayes.effects import SPREAD_SD, log_spread
from kundenwert.bayes.mode import find_mode, find_mode_with_effects
from kundenwert.bayes.target import make_target
from kundenwert.data import CustomerSummary
from kundenwert.data.design import Design
from kundenwert.decide import acquisition_table
from kundenwert.errors import DomainError, FitError, SchemaError
from kundenwert.kernels import gamma_gamma, pareto_nbd
from kundenwert.laws import NBD, GammaGamma, ParetoNBD
from kundenwert.predict import Horizon, customer_blocks, newcomers
from kundenwert.value import value_table

TRUTH = {"r": 0.8, "alpha": 8.0, "s": 0.9, "beta": 20.0}
SPEND = {"p": 5.0, "q": 4.0, "v": 20.0}
SIZES = (400, 250, 120, 60, 25, 8, 3, 3)
PURCHASE = np.array([0.5, -0.4, 0.3, -0.2, 0.1, -0.1, 0.6, -0.8])
DROPOUT = np.array([-0.5, 0.5, 0.4, -0.3, 0.2, 0.0, -0.6, 0.0])
EARN = np.array([0.3, -0.3, 0.2, -0.1, 0.0, 0.1, 0.2, -0.3])
BY_MACHINES = {"purchase": 0.4, "dropout": -0.3, "spend": 0.25}
KINDS = (ParetoNBD, GammaGamma, NBD)


@pytest.fixture(scope="module")
def shop():
    """Eight cohorts, from 400 customers to 3, and a numeric covariate, with known effects."""
    rng = np.random.default_rng(4)
    cohort = np.repeat(np.arange(8), SIZES)
    machines = rng.normal(10, 3, cohort.size)
    z = (machines - machines.mean()) / machines.std()
    T = rng.integers(20, 79, cohort.size).astype(float)
    alpha = TRUTH["alpha"] * np.exp(-PURCHASE[cohort] - BY_MACHINES["purchase"] * z)
    beta = TRUTH["beta"] * np.exp(-DROPOUT[cohort] - BY_MACHINES["dropout"] * z)
    x, t_x = pareto_nbd.simulate(T, r=TRUTH["r"], alpha=alpha, s=TRUTH["s"], beta=beta, rng=rng)
    v = SPEND["v"] * np.exp(EARN[cohort] + BY_MACHINES["spend"] * z)
    _, money = gamma_gamma.simulate(np.maximum(x, 1), p=SPEND["p"], q=SPEND["q"], v=v, rng=rng)
    table = pd.DataFrame({"customer_id": [f"c{i}" for i in range(cohort.size)], "frequency": x.astype(int)})
    table = table.assign(recency=t_x, T=T, monetary_value=np.where(x > 0, money, np.nan), machines=machines)
    table["first_value"] = money
    table["value_to_date"] = money + np.where(x > 0, x * money, 0)
    table["cohort"] = np.array(list("abcdefgh"))[cohort]
    table["region"] = np.array(["Nord", "Süd", "Ost"])[rng.integers(0, 3, cohort.size)]
    return CustomerSummary.from_frame(table, time_unit="W", window=80.0)


@pytest.fixture(scope="module")
def fitted(shop):
    return fit(ParetoNBD(cohorts=("cohort",), covariates=("machines",)), shop, seed=3, draws=800, tune=300)


@pytest.fixture(scope="module")
def spend(shop):
    """Return a fit of spend without effects, for what needs one and does not look at it."""
    return fit(GammaGamma(), shop, seed=1, draws=100, log_likelihood=False)


def anchored(kind, shop, **columns):
    target = make_target(kind(**columns), shop)
    return find_mode_with_effects(target, find_mode(replace(target, effects=None)))


@pytest.mark.parametrize("kind", KINDS)
def test_density_is_the_pymc_models(kind, shop):
    """Up to one constant, at several points, with the Jacobian of the map from coordinates to effects taken out."""
    columns = {"cohorts": ("cohort", "region"), "covariates": ("machines",)}
    target, mode = anchored(kind, shop, **columns)
    model = build_model(kind(**columns), shop)
    logp = model.compile_logp()
    rng = np.random.default_rng(1)
    gaps = []
    for _ in range(4):
        point = mode.point + mode.factor @ rng.normal(size=target.size)
        found = {name: values[0] for name, values in target.variables(point[None]).items()}
        place = {}
        for variable in model.value_vars:
            name = variable.name.removesuffix("_log__")
            place[variable.name] = np.log(found[name]) if variable.name.endswith("_log__") else found[name]
        by_process = zip(target.effects.acts_on, target.effects._log_spreads(point[None]), strict=True)
        volume = sum(float(target.effects._map(point[None], process, own)[2][0]) for process, own in by_process)
        spreads = [spread for process in target.effects.acts_on for _, spread, _ in target.effects.columns(process)]
        volume += sum(
            np.log(np.gradient(log_spread(point[at] + np.array([-1e-5, 0, 1e-5])), 1e-5)[1]) for at in spreads
        )
        gaps.append(target.gradient(point)[0] - volume - float(logp(place)))
    assert np.ptp(gaps) < 1e-4, gaps


@pytest.mark.parametrize("with_anchors", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_gradient(kind, with_anchors, shop):
    """Against central differences, before and after the coordinates are anchored, with two columns at once."""
    columns = {"cohorts": ("cohort", "region"), "covariates": ("machines",)}
    target, mode = anchored(kind, shop, **columns)
    point = mode.point + mode.factor @ np.random.default_rng(2).normal(size=target.size)
    if not with_anchors:
        target = replace(target, effects=replace(target.effects, anchors={}, reference={}))
        point = np.random.default_rng(3).normal(scale=0.2, size=target.size)
    slope = target.gradient(point)[1]
    steps = np.eye(target.size) * 1e-5
    wanted = [(target.gradient(point + step)[0] - target.gradient(point - step)[0]) / 2e-5 for step in steps]
    np.testing.assert_allclose(slope, wanted, rtol=1e-5, atol=1e-4)


def test_the_spread_has_its_prior():
    """Φ(z) is the prior probability of a smaller spread, far into both tails."""
    z = np.array([-30.0, -8.0, -1.0, 0.0, 0.5, 5.0, 30.0])
    half = stats.halfnorm(scale=SPREAD_SD)
    spread = np.exp(log_spread(z))
    np.testing.assert_allclose(half.logcdf(spread[:5]), stats.norm.logcdf(z[:5]), rtol=1e-9)
    np.testing.assert_allclose(half.logsf(spread[3:]), stats.norm.logsf(z[3:]), rtol=1e-9)


@pytest.mark.parametrize("far", [-200.0, -39.0, 39.0, 200.0, 1e6])
@pytest.mark.parametrize("kind", KINDS)
def test_far_off_there_is_no_density_and_no_error(kind, far, shop):
    """A leap of the sampler may end anywhere: at least 600 below the mode, or minus infinity, never an exception."""
    target, mode = anchored(kind, shop, cohorts=("cohort",))
    unknown = {k: a._replace(information=np.r_[0.0, a.information[1:]]) for k, a in target.effects.anchors.items()}
    target = replace(target, effects=replace(target.effects, anchors=unknown))
    for process in target.effects.acts_on:
        point = mode.point.copy()
        point[target.effects.columns(process)[0][1]] = far
        value, slope = target.gradient(point)
        assert value < target.gradient(mode.point)[0] - 600
        assert np.isfinite(slope).all()


def test_a_sampled_model_with_cohorts_converges(fitted):
    assert fitted.diagnosis.converged, fitted.diagnosis
    assert fitted.info["method"] == "importance"


@pytest.fixture(scope="module")
def sampled(shop):
    model = ParetoNBD(cohorts=("cohort",), covariates=("machines",))
    return fit(model, shop, seed=5, method="nuts", draws=600, tune=200)


def test_nuts_takes_few_steps(sampled):
    assert sampled.diagnosis.converged, sampled.diagnosis
    assert sampled.tree["sample_stats"]["n_steps"].mean() < 12, "the coordinates are close to standard normal"


def test_importance_and_nuts_agree_on_effects(fitted, sampled):
    """Means, widths and 5 % and 95 % points of all variables, in 4.9 standard errors: 100 figures, 1 alarm in 10,000."""
    effective = next(check.value for check in fitted.diagnosis if check.name == "effective draws")
    quick, slow = (one.tree["posterior"].to_dataset() for one in (fitted, sampled))
    ess = min(az.ess(slow, method=kind)[name].min() for kind in ("bulk", "tail") for name in slow)
    error = np.hypot(effective**-0.5, float(ess) ** -0.5)
    over = ["chain", "draw"]
    for name in slow.data_vars:
        signed = "effect" in name or "coefficient" in name
        one, other = ((values[name] if signed else np.log(values[name])) for values in (quick, slow))
        sd = other.std(over)
        assert np.all(np.abs(one.mean(over) - other.mean(over)) < 4.9 * error * sd), name
        assert np.all(np.abs(one.std(over) / sd - 1) < 4.9 * error * 1.5), name  # kurtosis up to 8
        for p in (0.05, 0.95):  # density of a normal law there .103, of heavier tails less
            gap = np.abs(one.quantile(p, over) - other.quantile(p, over)) / sd
            assert np.all(gap < 4.9 * error * np.sqrt(0.05 * 0.95) / 0.07), (name, p)


def test_effects_are_recovered(fitted):
    """Truth within four posterior standard deviations, effects relative to their mean weighted by size."""
    posterior = fitted.tree["posterior"]
    for process, truth in (("purchase", PURCHASE), ("dropout", DROPOUT)):
        draws = posterior[f"{process}_effect_cohort"].to_numpy().reshape(-1, 8)
        weights = np.array(SIZES) / sum(SIZES)
        draws = draws - draws @ weights[:, None]
        assert np.all(np.abs(draws.mean(0) - truth + truth @ weights) < 4 * draws.std(0)), process
        coefficient = posterior[f"{process}_coefficient"].to_numpy().ravel()
        assert abs(coefficient.mean() - BY_MACHINES[process]) < 4 * coefficient.std(), process
        assert coefficient.std() < 0.2
    assert posterior["purchase_effect_cohort"].sel(cohort_level="a").std() < 0.5


def test_small_cohorts_borrow_strength(fitted):
    """Cohorts of three are uncertain and near the others; the largest is known best."""
    effect = fitted.tree["posterior"]["purchase_effect_cohort"].to_numpy().reshape(-1, 8)
    within = effect - effect.mean(axis=1, keepdims=True)
    assert within[:, 6:].std(axis=0).min() > within[:, :2].std(axis=0).max()


def test_coefficients_agree_with_maximum_likelihood(shop):
    """Against an independent maximum-likelihood fit of the model with a covariate, written out here."""
    table = shop.table
    x, t_x, T = (table[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    z = ((table["machines"] - table["machines"].mean()) / table["machines"].std(ddof=0)).to_numpy()

    def negative(theta):
        r, alpha, s, beta = np.exp(theta[:4])
        law = {"r": r, "alpha": alpha * np.exp(-theta[4] * z), "s": s, "beta": beta * np.exp(-theta[5] * z)}
        found = pareto_nbd.log_likelihood_gradient(x, t_x, T, **law)
        buys, leaves = found.alpha * law["alpha"], found.beta * law["beta"]
        slope = [r * found.r.sum(), buys.sum(), s * found.s.sum(), leaves.sum(), -(buys @ z), -(leaves @ z)]
        return -found.value.sum(), -np.array(slope)

    best = optimize.minimize(negative, np.log([1, 10, 1, 20, 1, 1]), jac=True, method="BFGS", options={"gtol": 1e-3})
    assert best.success, best.message
    one = fit(ParetoNBD(covariates=("machines",)), shop, seed=1, draws=400)
    assert one.diagnosis.converged, one.diagnosis
    for process, wanted in zip(("purchase", "dropout"), best.x[4:], strict=True):
        draws = one.tree["posterior"][f"{process}_coefficient"].to_numpy().ravel()
        assert abs(draws.mean() - wanted) < 0.5 * draws.std(), process


def test_spend_effects_are_recovered(shop):
    one = fit(GammaGamma(cohorts=("cohort",), covariates=("machines",)), shop, seed=1, draws=500)
    assert one.diagnosis.converged, one.diagnosis
    coefficient = one.tree["posterior"]["spend_coefficient"].to_numpy().ravel()
    assert abs(coefficient.mean() - BY_MACHINES["spend"]) < 4 * coefficient.std()
    assert coefficient.std() < 0.05


def test_laws_of_customers(fitted, shop):
    """Each customer has the parameters of their cohort and covariates; a cohort never seen is drawn, once for all."""
    rows = np.array([0, 500, 860])
    law = fitted.scoring.thin(50).laws(shop.table)(rows)
    assert law["r"].shape == (50,)
    assert law["alpha"].shape == law["beta"].shape == (3, 50)
    posterior, pick = fitted.tree["posterior"], np.linspace(0, fitted.samples - 1, 50).astype(int)
    effect = posterior["purchase_effect_cohort"].to_numpy().reshape(-1, 8)[pick]
    slope = posterior["purchase_coefficient"].to_numpy().reshape(-1)[pick]
    z = (shop.table["machines"] - shop.table["machines"].mean()) / shop.table["machines"].std(ddof=0)
    for i, row in enumerate(rows):
        level = "abcdefgh".index(shop.table["cohort"][row])
        wanted = fitted.draws(50)["alpha"] * np.exp(-effect[:, level] - slope * z[row])
        np.testing.assert_allclose(law["alpha"][i], wanted, rtol=1e-12)
    new = shop.table.iloc[[0, 0, 1]].assign(cohort=["x", "y", "x"], machines=10.0).reset_index(drop=True)
    drawn = fitted.scoring.laws(new)(np.arange(3))["alpha"]
    np.testing.assert_array_equal(drawn[0], drawn[2])
    assert np.std(np.log(drawn[0] / drawn[1])) > 0.3


def test_customers_of_one_kind_have_one_law(fitted, shop):
    kind = fitted.scoring.kinds(shop.table)
    assert len(np.unique(kind)) == len(shop)  # each has machines of their own
    twins = shop.table.iloc[[0, 1, 0, 500]].reset_index(drop=True)
    kinds = fitted.scoring.kinds(twins)
    assert kinds[0] == kinds[2]
    assert len(set(kinds)) == 3


def test_round_trip(fitted, shop, tmp_path):
    back = load_fit(fitted.save(tmp_path / "fit.nc"))
    assert (back.model.cohorts, back.model.covariates) == (("cohort",), ("machines",))
    assert back.design == fitted.design
    rows = np.arange(5)
    np.testing.assert_array_equal(
        back.scoring.laws(shop.table)(rows)["beta"], fitted.scoring.laws(shop.table)(rows)["beta"]
    )


def test_stored_log_likelihood(fitted, shop):
    """Of one customer of each pattern, with the effects of their group."""
    observed = fitted.tree["constant_data"]
    stored = fitted.tree["history_log_likelihood"]["history"].to_numpy().reshape(fitted.samples, -1)
    assert observed["count"].sum() == len(shop)
    table = shop.table
    law = {
        n: v[..., :] if v.ndim == 2 else v for n, v in fitted.scoring.thin(1).laws(table)(np.arange(len(table))).items()
    }
    fields = (table[name].to_numpy(float)[:, None] for name in ("frequency", "recency", "T"))
    wanted = pareto_nbd.log_likelihood(*fields, **law).sum()
    assert (stored[0] * observed["count"].to_numpy()).sum() == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"cohorts": ("colour",)}, SchemaError, "no column 'colour'"),
        ({"cohorts": ("region",), "covariates": ("region",)}, SchemaError, "named twice"),
        ({"covariates": ("gaps",)}, DomainError, "missing for 2 customers, first 'c0', 'c102'"),
        ({"covariates": ("same",)}, DomainError, "same for every customer"),
        ({"cohorts": ("same",)}, DomainError, "no cohorts to tell apart"),
        ({"cohorts": ("a/b",)}, SchemaError, "rename the column"),
    ],
)
def test_bad_columns(columns, error, message, shop):
    table = shop.table.assign(same=1, gaps=1.0, **{"a/b": shop.table["region"]})
    table.loc[[0, 5], "gaps"] = np.nan
    with pytest.raises(error, match=message):
        fit(ParetoNBD(**columns), CustomerSummary.from_frame(table, time_unit="W"), seed=1)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            lambda table: table.drop(columns="cohort"),
            SchemaError,
            "no column 'cohort', which the fitted model looks at",
        ),
        (
            lambda table: table.assign(machines=[np.nan, *table["machines"][1:]]),
            DomainError,
            "'machines' is missing for 1 customer",
        ),
    ],
    ids=["column", "value"],
)
def test_scoring_names_what_is_missing(fitted, shop, change, error, message):
    with pytest.raises(error, match=message):
        fitted.scoring.laws(change(shop.table))


def test_design_codes_categories_against_the_most_frequent():
    table = pd.DataFrame({"region": ["Ost", "Nord", "Nord", None], "level": [1, 2, 3, 4]})
    design = Design.of(table.dropna(), [], ["region", "level"])
    assert design.coefficients == ("level", "region[Ost]")
    np.testing.assert_allclose(design.matrix(table.dropna())[:, 1], [1, 0, 0])
    with pytest.raises(DomainError, match="region='West' was not there"):
        design.matrix(table.assign(region="West"))
    assert Design.from_dict(design.to_dict()) == design


def test_draws_of_customers_follow_their_law(fitted, spend, shop):
    """P(alive) and expected purchases of each customer from the parameters of their cohort, whatever the block."""
    few = shop.table.iloc[::60].reset_index(drop=True)
    law = fitted.scoring.thin(100).laws(few)(np.arange(len(few)))
    x, t_x, T = (few[name].to_numpy(float)[:, None] for name in ("frequency", "recency", "T"))
    wanted = pareto_nbd.p_alive(x, t_x, T, **law)
    lifetime = pareto_nbd.expected_lifetime(horizon=26.0, s=law["s"], scale=law["beta"] + T)
    found = np.empty_like(wanted), np.empty_like(wanted)
    for block in customer_blocks(fitted, spend, few, horizon=Horizon(26.0), seed=1, samples=100):
        found[0][block.rows], found[1][block.rows] = block.p_alive, block.expected_purchases
    np.testing.assert_allclose(found[0], wanted, rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(found[1], wanted * (law["r"] + x) / (law["alpha"] + T) * lifetime, rtol=1e-4, atol=1e-9)


def test_new_customers_are_the_mean_over_the_cohorts_own(fitted, spend, shop):
    """Expected value of a new customer of a cohort: the mean of the closed form under each of its customers' laws."""
    year = 365.25 / 7
    new = newcomers(fitted, spend, shop.table, units_per_year=year)
    table = acquisition_table(new, horizon=52.0, margin=0.4, cac=10.0)
    assert table["cohort"].tolist() == list("abcdefgh")
    own = np.flatnonzero(shop.table["cohort"] == "d")
    law, pay = fitted.scoring.thin(400).laws(shop.table)(own), spend.draws(400)
    life = pareto_nbd.discounted_lifetime(horizon=52.0, discount_rate=np.log(1.1) / year, s=law["s"], scale=law["beta"])
    worth = 0.4 * pay["p"] * pay["v"] / (pay["q"] - 1) * (1 + law["r"] / law["alpha"] * life)
    row = table.set_index("cohort").loc["d"]
    assert row["break_even_cac_mean"] == pytest.approx(worth.mean(), rel=1e-9)
    assert row["clv_mean"] == pytest.approx(worth.mean() - 10, rel=1e-9)
    typical = np.exp(np.log(worth).mean(axis=0)).mean()
    assert typical < 0.95 * worth.mean(), "a typical customer is worth less than the mean"


def test_a_new_customer_with_given_covariates(fitted, spend, shop):
    given = pd.DataFrame({"cohort": ["a", "a"], "machines": [7.0, 13.0], "who": ["few", "many"]})
    new = newcomers(fitted, spend, given, units_per_year=52.0, by="who")
    few, many = (new.expected_purchases(who, horizon=26.0).mean() for who in ("few", "many"))
    assert many > 1.5 * few


def test_cohorts_of_another_kind_are_refused_and_unknown_ones_are_counted(fitted, spend, shop):
    few = replace(shop, table=shop.table.iloc[:20])
    how = {"horizon": 52.0, "seed": 1, "samples": 50}
    assert value_table(fitted, spend, few, **how).marks == ()
    assert value_table(fitted, spend, replace(few, cohort="month"), **how).marks == (), "a table does not say its kind"
    by_channel = replace(fitted, info=fitted.info | {"cohort": "channel"})
    assert value_table(by_channel, spend, few, **how).marks == ()
    with pytest.raises(FitError, match="fitted with cohort='channel', the customers have cohort='month'"):
        value_table(by_channel, spend, replace(few, cohort="month"), **how)
    elsewhere = replace(few, table=few.table.assign(cohort=["z"] * 5 + ["a"] * 15))
    (mark,) = value_table(fitted, spend, elsewhere, **how).marks
    assert mark.startswith("5 of 20 customers have a cohort that the models have not seen")


@pytest.mark.parametrize("years", [[2017, 2018], [2017.0, 2018.0], ["2017", "2018"]])
def test_a_level_has_one_name_whatever_the_table_holds(years):
    learned = pd.DataFrame({"year": [2017.0, 2018.0, 2018.0]})
    design = Design.of(learned, ["year"], [])
    assert design.cohorts["year"] == ("2017", "2018")
    assert design.codes(pd.DataFrame({"year": years}))["year"].tolist() == [0, 1]
    assert design.unseen(pd.DataFrame({"year": ["2017", "?"]})) == {"year": 1}


def test_a_covariate_that_is_no_number_any_more(shop):
    design = Design.of(shop.table, [], ["machines"])
    with pytest.raises(DomainError, match="'machines' was numeric when the model was fitted"):
        design.matrix(shop.table.assign(machines="many"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["cohorts", "covariates"])
def test_one_text_is_no_list_of_columns(kind, name):
    with pytest.raises(SchemaError, match=rf"{name}='channel' is one text; write {name}=\('channel',\)"):
        kind(**{name: "channel"})
