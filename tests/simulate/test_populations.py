"""Descriptions of populations: what is refused and how it is said; JSON there and back."""

import datetime as dt
import json

import numpy as np
import pytest

from kundenwert.errors import DomainError, SchemaError
from kundenwert.simulate import (
    NAMED,
    Category,
    Effects,
    Number,
    cdnow_like,
    find_population,
    from_dict,
    mechaforge,
    random_population,
    simulate_population,
    to_dict,
)


@pytest.mark.parametrize(
    "population",
    [mechaforge(), cdnow_like(), random_population(rng=np.random.default_rng(1))],
    ids=lambda one: one.name,
)
def test_through_json_and_back(population):
    assert from_dict(json.loads(json.dumps(to_dict(population)))) == population


@pytest.mark.parametrize("customers", [6, 7, 100, 751, 12_345])
def test_another_size(customers):
    population = mechaforge().resized(customers)
    assert population.customers == customers
    assert min(group.customers for group in population.groups) >= 1
    if customers > 100:
        shares = [group.customers / customers for group in population.groups]
        assert shares == pytest.approx([group.customers / 750 for group in mechaforge().groups], abs=1 / customers)
    assert mechaforge().resized(750) == mechaforge()


def test_fewer_customers_than_groups():
    with pytest.raises(DomainError, match="5 customers cannot fill 6 groups: ask for more"):
        mechaforge().resized(5)


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"customers": 0}, r"group 'all': customers is 0; it must be 1 or more"),
        ({"alpha": 0.0}, r"group 'all': alpha is 0\.0; it must be a number above 0"),
        ({"s": float("nan")}, r"group 'all': s is nan; it must be a number above 0"),
        ({"q": 1.0}, r"q is 1\.0; it must be above 1, or the mean spend is infinite"),
        ({"cac": -1.0}, r"cac is -1\.0; it must be an amount of at least 0"),
        ({"end": dt.date(2019, 1, 1)}, r"acquisition from 2020-01-01 to 2019-01-01 must run forwards"),
        ({"end": dt.date(2022, 1, 1)}, r"must run forwards and end by the end of observation, 2021-12-31"),
        ({"attributes": {"channel": {"web": 0.0}}}, r"shares of channel is \[0\.0\]; it must be numbers"),
        ({"numbers": {"machines": Number(0.0)}}, r"median of machines is 0\.0"),
        ({"attributes": {"date": "x"}}, r"an attribute cannot be called 'date'"),
        ({"attributes": {"a": "x"}, "numbers": {"a": Number(1.0)}}, r"'a' is both an attribute with levels and a num"),
    ],
)
def test_groups_that_cannot_be(plain, group, message):
    with pytest.raises((DomainError, SchemaError), match=message):
        plain(**({"customers": 5} | {"group": group}))


@pytest.mark.parametrize(
    ("breach", "message"),
    [
        ({"regularity": 0}, r"regularity is 0; it must be a whole number from 1 to 20"),
        ({"regularity": 2.5}, r"regularity is 2\.5; it must be a whole number"),
        ({"spend_correlation": 1.0}, r"spend_correlation is 1\.0; it must be between -1 and 1"),
        ({"aging": -0.1}, r"aging is -0\.1; it must be a number of at least 0"),
        ({"season": (1.0,) * 11}, r"it must be twelve factors above 0"),
        ({"season": (0.0,) * 12}, r"it must be twelve factors above 0"),
        ({"refund_share": 1.5}, r"refund_share is 1\.5; it must be a share between 0 and 1"),
        ({"refund_days": 0}, r"refund_days is 0; it must be 1 or more"),
    ],
)
def test_breaches_that_cannot_be(plain, breach, message):
    with pytest.raises(DomainError, match=message):
        plain(5, **breach)


@pytest.mark.parametrize(
    ("population", "message"),
    [
        ({"groups": ()}, r"the population has no groups"),
        ({"time_unit": "Q"}, r"time_unit='Q' is not understood"),
        ({"holdout_end": dt.date(2021, 12, 31)}, r"holdout_end 2021-12-31 must lie after observation_end 2021-12-31"),
        (
            {"effects": Effects(purchase={"channel=web": 1.0})},
            r"effect on purchase of 'channel=web': no customer has that",
        ),
        ({"effects": Effects(spend={"cohort=all": np.inf})}, r"effect on spend of cohort=all is inf"),
        ({"cost_by": "channel"}, r"cost_by='channel' is no column with levels; choose one of cohort"),
        ({"costs": {"all": 1.0}}, r"costs are given while cost_by is 'cohort'"),
        ({"categories": (Category("x", share=0.5),)}, r"the last category, 'x', must fit every order"),
        ({"categories": (Category("x", at_least=3, below=2),)}, r"category 'x': at_least is 3; it must be less than"),
        ({"categories": (Category("x", only={"y": ["z"]}),)}, r"category 'x': no attribute 'y'"),
    ],
)
def test_populations_that_cannot_be(plain, population, message):
    with pytest.raises((DomainError, SchemaError), match=message):
        plain(5, population=population)


@pytest.mark.parametrize(
    ("places", "costs", "message"),
    [
        ([0, 1], {}, "groups 'all' and 'two' differ in their attributes, first 'channel'"),
        ([0, 0], {}, "1 group stand more than once, first 'all'"),
        ([1], {"cost_by": "channel"}, "1 level of 'channel' have no cost, first 'web'"),
        ([2], {"cost_by": "channel", "costs": {"web": 1}}, "groups have a cac of their own while cost_by='channel'"),
    ],
    ids=["attributes", "twice", "no cost", "two costs"],
)
def test_groups_must_fit_together(plain, places, costs, message):
    web = {"name": "two", "attributes": {"channel": "web"}}
    known = [plain(5, group=group).groups[0] for group in ({}, web, web | {"cac": 1.0})]
    with pytest.raises(SchemaError, match=message):
        plain(population={"groups": tuple(known[at] for at in places), **costs})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grups": []}, r"population has an unknown key 'grups'; did you mean 'groups'\?"),
        ({"groups": {}}, r"population\.groups is \{\}; it must be a list"),
        ({"groups": [{"name": "a"}]}, r"population\.groups\[0\] lacks 'customers', 'start'"),
        (
            {"observation_end": "31.12.2021"},
            r"population\.observation_end is '31\.12\.2021'; it must be a date such as",
        ),
        ({"breaches": {"season": 3}}, r"population\.breaches\.season is 3; it must be a list"),
        ({"breaches": {"aging": "much"}}, r"population\.breaches\.aging is 'much'; it must be a number"),
        ({"breaches": {"regularity": 1.5}}, r"population\.breaches\.regularity is 1\.5; it must be a whole number"),
        ({"name": ""}, r"population\.name is ''; it must be a text"),
        ({"costs": [1]}, r"population\.costs is \[1\]; it must be an object"),
    ],
)
def test_json_that_is_no_population(plain, change, message):
    with pytest.raises(SchemaError, match=message):
        from_dict(to_dict(plain(5)) | change)


def test_what_has_a_default_may_be_left_out(plain):
    content = to_dict(plain(5))
    least = {key: content[key] for key in ("name", "time_unit", "observation_end", "holdout_end", "groups")}
    for name in ("cac", "attributes", "numbers"):
        del least["groups"][0][name]
    assert from_dict(least) == plain(5)


def test_a_random_population_and_its_customers_share_no_numbers():
    """From one stream, r correlates at 0.4 with the 16th day of acquisition; the error of a correlation of 0 is 0.06."""
    drawn = []
    for seed in range(300):
        group = find_population("random", seed=seed)[0].groups[0]
        days = np.random.default_rng(seed).integers(0, (group.end - group.start).days + 1, 16)
        drawn.append((group.r, days[15]))
    assert abs(np.corrcoef(np.transpose(drawn))[0, 1]) < 0.2


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "2.5", "true"])
def test_a_number_that_is_not_whole_is_named_with_its_place(tmp_path, plain, number):
    file = tmp_path / "population.json"
    text = json.dumps(to_dict(plain(5)))
    assert '"customers": 5' in text
    file.write_text(text.replace('"customers": 5', f'"customers": {number}'))
    with pytest.raises(SchemaError, match=r"groups\[0\]\.customers is .*; it must be a whole number"):
        find_population(str(file))
    file.write_text(json.dumps({"population": to_dict(plain(5)), "seed": 0}).replace('"seed": 0', f'"seed": {number}'))
    with pytest.raises(SchemaError, match=r"seed is .*; it must be a whole number"):
        find_population(str(file))


def test_a_number_beyond_all_bounds_is_named_with_its_place(plain):
    content = to_dict(plain(5))
    content["groups"][0]["alpha"] = 10**400
    with pytest.raises(SchemaError, match=r"groups\[0\]\.alpha is 10*; it must be a number below 1e308"):
        from_dict(content)


@pytest.mark.parametrize("name", NAMED)
def test_populations_by_name(name):
    assert find_population(name) == (NAMED[name](), {})


def test_random_populations_follow_their_seed():
    assert find_population("random", seed=4)[0] == find_population("random", seed=4)[0]
    assert find_population("random", seed=4)[0] != find_population("random", seed=5)[0]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("mechafrog", None, r"no population 'mechafrog'; choose one of mechaforge, cdnow-like, random, or"),
        ("broken.json", "{", "broken.json cannot be read as JSON"),
        ("broken.json", "3", "population is 3; it must be an object"),
        (
            "broken.json",
            json.dumps({"population": to_dict(mechaforge()), "sede": 1}),
            r"broken\.json has an unknown key 'sede'; known: population, seed",
        ),
    ],
    ids=["misspelt", "no JSON", "no object", "unknown key"],
)
def test_what_names_no_population(tmp_path, name, text, message):
    if text is not None:
        (tmp_path / name).write_text(text)
        name = str(tmp_path / name)
    with pytest.raises(SchemaError, match=message):
        find_population(name)


@pytest.mark.parametrize(
    "options", [{"cohorts": 0}, {"smallest": 0}, {"smallest": 9, "largest": 3}, {"window": 20}, {"differ": -1}]
)
def test_families_that_cannot_be(options):
    with pytest.raises(DomainError, match="make no population: sizes must rise"):
        random_population(rng=np.random.default_rng(1), **options)


def test_categories_are_names_only(plain):
    """The first that fits is given; amounts are those without categories."""
    names = (Category("big", at_least=100.0), Category("half", share=0.5, only={"channel": ("web",)}), Category("rest"))
    group = {"attributes": {"channel": {"web": 1, "fair": 1}}}
    with_names = simulate_population(plain(2000, group=group, population={"categories": names}), seed=1).transactions
    without = simulate_population(plain(2000, group=group), seed=1).transactions
    assert with_names["amount"].tolist() == without["amount"].tolist()
    big = with_names["amount"] >= 100
    assert (with_names["category"] == "big").tolist() == big.tolist()
    web = with_names["channel"] == "web"
    halves = (with_names["category"] == "half")[web & ~big]
    assert abs(halves.mean() - 0.5) < 5 * 0.5 / np.sqrt(halves.size)
    assert not (with_names["category"] == "half")[~web].any()
