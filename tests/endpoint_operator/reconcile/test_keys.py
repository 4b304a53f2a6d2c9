from endpoint_operator.reconcile.keys import Key


def test_a_key_reads_as_people_write_it() -> None:
    assert str(Key("shop", "churn")) == "shop/churn"
