"""The one table of names."""

import pytest

from likely.errors import FieldError
from likely.families.vae import VAE
from likely.names import TABLES, base_of, full_name, lookup, squashed, table


def test_every_spelling_is_one_name():
    assert {squashed(name) for name in ("Naive-Bayes", "naive_bayes", "NAIVEBAYES")} == {"naivebayes"}
    assert lookup("Family", "vae") is VAE


def test_a_class_knows_its_table():
    assert base_of(VAE) == "Family"
    assert base_of(int) is None


def test_unknown_names_and_tables_list_what_there_is():
    with pytest.raises(FieldError, match="RealNVP"):
        full_name("Family", "realmvp")
    with pytest.raises(FieldError, match="Family"):
        table("Families")


def test_no_name_leads_outside_the_package():
    assert all(module.startswith("likely.") for names in TABLES.values() for module in names.values())
