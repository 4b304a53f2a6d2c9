"""The story, step by step: install, deploy two models, split, target, evaluate, shift to 25/75 and to 0/100."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

from tests.cluster import Cluster, HarnessError, images
from tests.demo import dataset, endpoint, evaluation, install, models, pictures, reach, report, store, traffic

NAMESPACE = "pointsman-demo"
REPORT = Path("build/demo/report.html")
PER_STEP = 2000
VARIANTS = tuple(recipe.variant for recipe in models.RECIPES)


class Story:
    """Tells the story on ``cluster`` and writes the report; each step says what it does and how long it took."""

    def __init__(self, cluster: Cluster, console: Console) -> None:
        self._cluster = cluster
        self._console = console
        self._report = report.Report("Pointsman: which churn model is better on live traffic?")
        self._times: list[tuple[str, float]] = []
        self._marks: list[tuple[float, str]] = []

    def tell(self) -> Path:
        """Runs the whole story. Raises HarnessError when something did not go as it must."""
        with self._step("Install the custom resources and the operator"):
            install.crds(self._cluster)
            install.operator(self._cluster)
        with self._step("Train two models, put them into an S3 store"):
            self._provide_models()
        with self._step("Apply the EndpointConfig and the Endpoint"):
            endpoint.apply(self._cluster, NAMESPACE)
            endpoint.patch_weights(self._cluster, NAMESPACE, dict.fromkeys(VARIANTS, 0.5))
            endpoint.wait_until_ready(self._cluster, NAMESPACE)
            endpoint.wait_for_weights(self._cluster, NAMESPACE)
        with reach.service(self._cluster, NAMESPACE, endpoint.NAME, 80) as url:
            self._experiment(url)
        return self._finish()

    def _provide_models(self) -> None:
        install.namespace(self._cluster, NAMESPACE)
        artefacts = {recipe.key: models.artefact(recipe, self._console.print) for recipe in models.RECIPES}
        store.deploy(self._cluster, NAMESPACE, images.reference("demo-store"))
        store.upload(self._cluster, NAMESPACE, artefacts)
        store.give_access(self._cluster, store_namespace=NAMESPACE, namespace=NAMESPACE)

    def _experiment(self, url: str) -> None:
        customers = models.test_customers()
        rows = customers.csv_rows()
        runtime = traffic.client(url)
        before = endpoint.pods(self._cluster, NAMESPACE)
        with traffic.Traffic(runtime, endpoint.NAME, rows) as live:
            with self._step("Split the traffic half and half"):
                self._show_split("Weights 50/50", live.collect(PER_STEP))
            with self._step("Send every customer to each variant by name"):
                self._evaluate(runtime, customers, rows)
            self._shift(live, {"Variant1": 0.25, "Variant2": 0.75})
            self._shift(live, {"Variant1": 0, "Variant2": 1})
        self._show_pods(before, endpoint.pods(self._cluster, NAMESPACE))
        self._report.picture(
            "Requests per variant over time", pictures.requests_over_time(live.answers(), self._marks)
        )
        self._demand_no_failures(live)

    def _shift(self, live: traffic.Traffic, weights: Mapping[str, float]) -> None:
        label = "/".join(f"{weight * 100:.0f}" for weight in weights.values())
        with self._step(f"Shift the weights to {label}"):
            self._marks.append((live.now(), label))
            command = endpoint.patch_weights(self._cluster, NAMESPACE, weights)
            self._console.print(f"    {command}", style="dim", soft_wrap=True)
            endpoint.wait_for_weights(self._cluster, NAMESPACE)
            counts = live.collect(PER_STEP)
            self._show_split(f"Weights {label}", counts)
            unwanted = [name for name, weight in weights.items() if weight == 0 and counts[name]]
            if unwanted:
                raise HarnessError(
                    f"{unwanted[0]} has weight 0 and still answered {counts[unwanted[0]]} requests"
                )

    def _evaluate(self, runtime: object, customers: dataset.Customers, rows: list[str]) -> None:
        results = []
        for variant in VARIANTS:
            ask = partial(traffic.invoke, runtime, endpoint.NAME, target=variant)
            with ThreadPoolExecutor(4) as threads:
                answers = list(threads.map(ask, rows))
            if {served for served, _ in answers} != {variant}:
                raise HarnessError(f"requests for {variant} were answered by another variant")
            results.append(evaluation.evaluate(variant, customers.churned, [score for _, score in answers]))
        figures = ("accuracy", "precision", "recall", "f1", "roc_auc")
        cells = [[r.variant, *(f"{getattr(r, figure):.4f}" for figure in figures)] for r in results]
        title = f"{len(rows)} customers whom neither model has seen, threshold {evaluation.THRESHOLD}"
        self._show(
            report.Table(title, ["variant", "accuracy", "precision", "recall", "F1", "ROC AUC"], cells)
        )
        self._report.picture("ROC curves", pictures.roc_curves(results))

    def _show_split(self, title: str, counts: Counter[str]) -> None:
        total = counts.total()
        rows = [[name, str(counts[name]), f"{counts[name] / total:.1%}"] for name in (*VARIANTS, "failed")]
        self._show(report.Table(f"{title}: {total} requests", ["variant", "requests", "share"], rows))

    def _show_pods(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        names = sorted({*before, *after})
        rows = [[name, before.get(name, "-")[:13], after.get(name, "-")[:13]] for name in names]
        self._show(
            report.Table(
                "Pods before and after: none was restarted", ["pod", "UID before", "UID after"], rows
            )
        )
        if before != after:
            raise HarnessError("the endpoint's pods changed although only weights were patched")

    def _demand_no_failures(self, live: traffic.Traffic) -> None:
        answers = live.answers()
        failures = [answer.error for answer in answers if answer.variant is None]
        text = f"{len(answers)} requests in all, {len(failures)} failed."
        self._console.print(text)
        self._report.paragraph(text)
        if failures:
            raise HarnessError(f"{len(failures)} requests failed, the first: {failures[0]}")

    def _show(self, table: report.Table) -> None:
        drawn = RichTable(title=table.title, title_justify="left", title_style="bold")
        for index, column in enumerate(table.columns):
            drawn.add_column(column, justify="left" if index == 0 else "right")
        for row in table.rows:
            drawn.add_row(*row)
        self._console.print(drawn)
        self._report.table(table)

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        self._console.print(f"[bold]{len(self._times) + 1}. {title}[/]")
        began = time.monotonic()
        yield
        seconds = time.monotonic() - began
        self._times.append((title, seconds))
        self._console.print(f"   done in {seconds:.1f} s", style="green")

    def _finish(self) -> Path:
        rows = [[title, f"{seconds:.1f}"] for title, seconds in self._times]
        self._show(report.Table("Time of each step", ["step", "seconds"], rows))
        listing = self._cluster.kubectl("get", "mlep,mlepc", "-n", NAMESPACE)
        self._console.print(listing, soft_wrap=True)
        self._report.listing("kubectl get mlep,mlepc", listing)
        return self._report.write(REPORT)


def tell(cluster: Cluster, say: Callable[[str], None], console: Console) -> None:
    """Tells the story and prints how to go on by hand."""
    path = Story(cluster, console).tell()
    say(f"\nThe report, with pictures: {path}\n\n{_next_commands(cluster)}")


def _next_commands(cluster: Cluster) -> str:
    last = "\n  make cluster-down    # stops the cluster" if cluster.is_ours else ""
    return f"""Go on by hand:
  export KUBECONFIG={cluster.kubeconfig}
  export PATH={cluster.environment["PATH"].split(":")[0]}:$PATH
  kubectl config set-context --current --namespace {NAMESPACE}
  kubectl get mlep,mlepc
  kubectl describe mlep {endpoint.NAME}
  kubectl patch mlep {endpoint.NAME} --type merge -p '{{"spec":{{"weights":{{"Variant1":0.5,"Variant2":0.5}}}}}}'
  make demo-down       # removes what the demo installed{last}"""
