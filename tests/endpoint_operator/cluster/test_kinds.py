from endpoint_operator.cluster import kinds


def test_paths_are_those_of_the_api() -> None:
    assert kinds.POD.path("shop", "p", "status") == "/api/v1/namespaces/shop/pods/p/status"
    assert kinds.ENDPOINT.path("") == "/apis/pointsman.dev/v1alpha1/endpoints"
    assert kinds.DEPLOYMENT.path("shop", "d", "scale") == "/apis/apps/v1/namespaces/shop/deployments/d/scale"
    assert (
        kinds.CUSTOM_RESOURCE_DEFINITION.path("", "x")
        == "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/x"
    )
