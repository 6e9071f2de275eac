"""The facade that these tests speak to runs machine code, where there is a compiler, and that does what the sources say."""

import os
import subprocess
import sys

from facade.native.modules import ROOT
from tests.compiling import needs_compiler
from tests.integration.facade.entrance import Entrance
from tests.integration.facade.load import gauge

UNITS = ("strand", "http1", "test_headers.py", "resilience")
"""Tests of compiled modules that neither exchange parts of them nor start anything."""

_RUN = """
import sys

from facade.native import loader

assert loader.use(), "there is no machine code of these sources: make native"

import pytest

code = pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *sys.argv[1:]])
assert loader.compiled()
sys.exit(code)
"""


@needs_compiler
def test_these_tests_speak_to_machine_code(entrance: Entrance) -> None:
    """Otherwise they would show that the Python files are right, and users would run something else."""
    assert gauge(entrance, "compiled") == 1, "it runs as Python: make native"


def test_a_setting_has_it_run_as_python(entrance: Entrance) -> None:
    """The same facade, as Python, and it says so."""
    entrance.stop()
    entrance.environment["FACADE_NATIVE"] = "no"
    try:
        assert gauge(entrance.start(), "compiled") == 0
    finally:
        entrance.stop()
        del entrance.environment["FACADE_NATIVE"]
        entrance.start()


@needs_compiler
def test_machine_code_keeps_what_the_units_promise() -> None:
    """The unit tests of compiled modules, which run as Python elsewhere, pass on the machine code."""
    paths = [str(ROOT / "tests/unit/facade" / name) for name in UNITS]
    clean = {name: value for name, value in os.environ.items() if name != "FACADE_NATIVE" and not name.startswith("PYTEST_")}
    run = subprocess.run([sys.executable, "-c", _RUN, *paths], cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4_000:] + run.stderr[-2_000:]
