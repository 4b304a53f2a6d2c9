"""The README is true: its commands are run here as they stand there, one block after the other."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.cluster import Cluster, images
from tests.demo import store
from tests.e2e.conftest import STORE_NAMESPACE

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```(?P<language>sh|python)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    """(language, code) of each block to run, without the two commands that run the demo and these tests."""
    found = [(match["language"], match["code"]) for match in BLOCK.finditer(README)]
    return [(language, code) for language, code in found if not re.match(r"make (demo|test)\b", code)]


def session(data_urls: dict[str, str], kubeconfig: str) -> str:
    """All blocks as one shell script, with this cluster's values where a reader puts their own."""
    yours = {
        "KUBECONFIG": kubeconfig,
        "IMAGE_REGISTRY": images.registry(),
        "MODEL_1": data_urls["Variant1"],
        "MODEL_2": data_urls["Variant2"],
        "AWS_ACCESS_KEY_ID": "pointsman-models",
        "AWS_SECRET_ACCESS_KEY": "models-secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://store.{STORE_NAMESPACE}.svc:{store.PORT}",
    }
    values = "\n".join(f"export {name}={value}" for name, value in yours.items())
    script = ["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    for language, code in blocks():
        if code.startswith("# yours"):
            assert set(re.findall(r"\b([A-Z_0-9]+)=", code)) == set(yours)
            script.append(values)
        elif language == "python":
            script.append(f"python - <<'PYTHON'\n{code}PYTHON")
        else:
            script.append(code)
    return "\n".join(script)


@pytest.fixture
def environment(cluster: Cluster, namespace: str, tmp_path: Path) -> dict[str, str]:
    """The shell of somebody whose current namespace is this test's, and who has no Secret in it yet."""
    cluster.kubectl("delete", "secret", store.SECRET, "--namespace", namespace)
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_bytes(cluster.kubeconfig.read_bytes())
    kubeconfig.chmod(0o600)
    theirs = {**os.environ, **cluster.environment, "HOME": str(tmp_path)}
    theirs["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    theirs["PATH"] = f"{ROOT / '.venv' / 'bin'}:{theirs['PATH']}"
    theirs["KUBECONFIG"] = str(kubeconfig)
    context = ["kubectl", "config", "set-context", "--current", "--namespace", namespace]
    subprocess.run(context, env=theirs, check=True, capture_output=True)
    return theirs


def test_the_readmes_commands_work_as_they_stand(
    environment: dict[str, str], data_urls: dict[str, str]
) -> None:
    script = session(data_urls, environment["KUBECONFIG"]).replace(
        "make images", ":  # built before the tests"
    )
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr
    assert "InService" in done.stdout
    assert "Variant1=25% Variant2=75%" in done.stdout
    where = ["--kubeconfig", environment["KUBECONFIG"]]
    left = subprocess.run(
        ["kubectl", *where, "get", "mlep,mlepc,secret", "-o", "name"],
        env=environment,
        check=True,
        capture_output=True,
    )
    assert left.stdout == b""
    assert re.search(r"^Variant1 0\.\d+$", done.stdout, re.MULTILINE)
    assert re.search(r"x-Amzn-Invoked-Production-Variant: Variant[12]", done.stdout, re.IGNORECASE)


@pytest.mark.parametrize("target", re.findall(r"`?make ([a-z-]+)`?", README))
def test_every_make_target_that_the_readme_names_exists(target: str) -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"make {target} " in listed
