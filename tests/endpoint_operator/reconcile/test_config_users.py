from endpoint_operator.reconcile.config_users import ConfigUsers
from endpoint_operator.reconcile.keys import Key

CHURN, FRAUD, OTHER = Key("shop", "churn"), Key("shop", "fraud"), Key("bank", "churn")


def test_a_config_concerns_the_endpoints_of_its_namespace_that_name_it() -> None:
    index = ConfigUsers()
    for endpoint in (CHURN, FRAUD, OTHER):
        index.note(endpoint, "one")
    assert index.users(Key("shop", "one")) == [CHURN, FRAUD]
    assert index.users(Key("shop", "two")) == []


def test_an_endpoint_that_changes_its_config_or_goes_leaves_nothing_behind() -> None:
    index = ConfigUsers()
    index.note(CHURN, "one")
    index.note(CHURN, "two")
    assert index.users(Key("shop", "one")) == []
    index.forget(CHURN)
    index.forget(CHURN)
    assert index.users(Key("shop", "two")) == []
    assert (index._config_of, index._users) == ({}, {})
