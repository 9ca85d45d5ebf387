"""Priors as people write them: parsed, never run, sent to the model whose quantity they are on."""

import pytest

from kundenwert.bayes import Prior
from kundenwert.bayes.stated_priors import PURCHASE_NAMES, SPEND_NAMES, parse_prior, stated_priors
from kundenwert.errors import SchemaError


@pytest.mark.parametrize(
    ("text", "prior"),
    [
        ("LogNormal(mu=0, sigma=1)", Prior("LogNormal", {"mu": 0, "sigma": 1})),
        (" Gamma( alpha = 2.5e0 ,beta=-0.5 ) ", Prior("Gamma", {"alpha": 2.5, "beta": -0.5})),
    ],
)
def test_a_prior_is_read(text, prior):
    assert parse_prior(text) == prior


@pytest.mark.parametrize(
    "text",
    [
        "LogNormal",
        "LogNormal()",
        "LogNormal(0, 1)",
        "LogNormal(mu=0, sigma='1')",
        "LogNormal(mu=True, sigma=1)",
        "LogNormal(mu=0, **{'sigma': 1})",
        "pm.LogNormal(mu=0, sigma=1)",
        "LogNormal(mu=open('x'), sigma=1)",
        "__import__('os').system('true')",
        "LogNormal(mu=0, sigma=1",
        "1",
        "",
        "(" * 300,
    ],
)
def test_nothing_else_is_read(text):
    with pytest.raises(SchemaError, match=r"the prior .* of 'half_life' is not understood; write a distribution"):
        parse_prior(text, "half_life")


def test_each_goes_to_its_model():
    purchases, spend = stated_priors(dict.fromkeys(("half_life", "p", "rate_cv"), "LogNormal(mu=0, sigma=1)"))
    assert (list(purchases), list(spend)) == (["half_life", "rate_cv"], ["p"])
    assert not set(PURCHASE_NAMES) & set(SPEND_NAMES)


def test_a_name_that_there_is_not():
    with pytest.raises(SchemaError, match=r"no prior on 'halflife'; known: yearly_purchases, .* mean 'half_life'\?"):
        stated_priors({"halflife": "LogNormal(mu=0, sigma=1)"})
