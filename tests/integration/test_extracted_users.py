"""A plain `pytest` runs the users service's own tests too."""

import subprocess
import sys
from pathlib import Path

from chassis.embedded import Cluster

CHECKOUT = Path(__file__).parents[2]


def test_the_service_passes_under_its_own_settings(cluster: Cluster) -> None:
    """One process holds one Django project: the service's tests run in theirs, on this run's cluster."""
    command = [sys.executable, "-m", "pytest", "--ds=extracted.users.settings", "-q", "-p", "no:cacheprovider", "-n0"]
    ran = subprocess.run([*command, "tests/extracted/users"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
