"""Threads and processes from the CPU limit of the control group."""

import os
from pathlib import Path

import pytest

from process_group import cpu_limit

UNIFIED = {"proc/self/cgroup": "0::/\n"}
LEGACY = {"proc/self/cgroup": "4:cpu,cpuacct:/pod/container\n3:memory:/pod\n0::/\n"}


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        pytest.param({}, None, id="no control groups"),
        pytest.param({**UNIFIED, "sys/fs/cgroup/cpu.max": "max 100000\n"}, None, id="v2 without a limit"),
        pytest.param({**UNIFIED, "sys/fs/cgroup/cpu.max": "300000 100000\n"}, 3, id="v2"),
        pytest.param({**UNIFIED, "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1, id="v2, one and a half"),
        pytest.param({**UNIFIED, "sys/fs/cgroup/cpu.max": "25000 100000\n"}, 1, id="v2, a quarter"),
        pytest.param(
            {**UNIFIED, "sys/fs/cgroup/cpu.max": "1600000 100000\n"}, 8, id="v2, more than there are"
        ),
        pytest.param(
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/cpu.max": "200000 100000\n",
                "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
            },
            2,
            id="v2, limit of the group around",
        ),
        pytest.param(
            {
                **LEGACY,
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "250000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            2,
            id="v1",
        ),
        pytest.param(
            {
                **LEGACY,
                "sys/fs/cgroup/cpu/pod/container/cpu.cfs_quota_us": "50000\n",
                "sys/fs/cgroup/cpu/pod/container/cpu.cfs_period_us": "50000\n",
            },
            1,
            id="v1, nested",
        ),
        pytest.param(
            {
                **LEGACY,
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            None,
            id="v1 without a limit",
        ),
    ],
)
def test_the_limit_bounds_threads_and_processes_and_without_one_there_is_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], cpus: int | None
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(8)))
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert cpu_limit.threads(tmp_path) == (cpus or 8)
    assert cpu_limit.workers(tmp_path) == (cpus or 1)
