"""The loader as a pod runs it: a process with an environment and a termination log."""

import pathlib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.model_loader import emulators, servers

SECRETS = (servers.SECRET_KEY, servers.STRANGER_SECRET_KEY, emulators.AZURE_KEY, "hunter2")


@dataclass
class Loader:
    """Works in ``directory``; ``environment`` holds what a credentialsSecret would."""

    directory: pathlib.Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def model_dir(self) -> pathlib.Path:
        return self.directory / "model"

    @property
    def last_word(self) -> str:
        """What the container leaves as termination message."""
        return (self.directory / "termination-log").read_text()

    def started(self, url: str, *options: str, under: Sequence[str] = ()) -> "subprocess.Popen[str]":
        """Begin to load; ``under`` is a command that is given the program's own to run."""
        (self.directory / "termination-log").write_text("")
        command = [
            sys.executable,
            "-W",
            "error",
            "-m",
            "model_loader",
            "--termination-log",
            "termination-log",
        ]
        return subprocess.Popen(
            [*under, *command, *options],
            cwd=self.directory,
            env={
                "PYTHONPATH": ":".join(sys.path),
                "MODEL_DATA_URL": url,
                "SM_MODEL_DIR": str(self.model_dir),
                "MODEL_IDENTITY_FILE": str(self.directory / "identity.json"),
                "MODEL_CLAIM_DIR": str(self.directory / "claim"),
                **self.environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def success(self, url: str, *options: str) -> tuple[str, str]:
        """What a run that loads its model writes to stdout and stderr."""
        process = self.started(url, *options)
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr
        return stdout, stderr

    def failure(self, url: str, *options: str) -> str:
        """The one line of a run that fails, which is its last on stderr and its last word alike."""
        process = self.started(url, *options)
        stdout, stderr = process.communicate(timeout=60)
        assert (process.returncode, stdout) == (1, ""), stderr
        assert "Traceback" not in stderr
        for secret in SECRETS:
            assert secret not in stderr
        assert stderr.splitlines()[-1] == self.last_word
        return self.last_word
