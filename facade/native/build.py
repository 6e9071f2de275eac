"""`python -m facade.native.build`: makes machine code of the modules, unless that of these sources is there already.

All are compiled as one unit, so that they call each other directly. What is made is put in place as a whole, and only when it is
complete; older code is removed. Without a C compiler a line says so, and the exit code is 0: the modules then run as they stand.
It refuses to put in place what was made while the sources changed.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from chassis import records
from facade.native.modules import MODULES, ROOT, digest, folder, source

_CONFIG = ROOT / "facade" / "native" / "mypyc.ini"
_COMPILERS = ("cc", "gcc", "clang")
_MAKING = "making-"


def build() -> Path:
    """The folder of the code. Raises `NoCompiler`, `SourcesChanged`; SystemExit of the compiler when it fails."""
    where = folder(digest())
    if where.exists():
        return where
    if compiler() is None:
        raise NoCompiler
    with records.locked(where.parent / ".lock"):  # two builds would put their code in the same place
        if not where.exists():
            _make(where)
    return where


def compiler() -> str | None:
    """A C compiler of this machine."""
    return next((found for name in _COMPILERS if (found := shutil.which(name)) is not None), None)


class NoCompiler(Exception):
    """Without a C compiler the facade runs as Python, which takes it twice as long: on Debian or Ubuntu, apt-get install gcc"""

    def __str__(self) -> str:
        return str(self.__doc__)


class SourcesChanged(Exception):
    """The sources changed while they were compiled, so nobody knows of which the machine code is: build again"""

    def __str__(self) -> str:
        return str(self.__doc__)


def _make(where: Path) -> None:
    for left in where.parent.glob(f"{_MAKING}*"):  # by a build that was killed
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=where.parent, prefix=_MAKING) as made:
        _compile(Path(made))
        if folder(digest()) != where:
            raise SourcesChanged
        (Path(made) / "lib").rename(where)
    for old in where.parent.glob("[0-9a-f]*"):
        if old != where:
            shutil.rmtree(old)


def _compile(into: Path) -> None:
    from mypyc.build import mypycify
    from setuptools import setup

    os.chdir(ROOT)  # the compiler names modules by their paths
    # Else it would be the one that made this Python, which may have another name, or not be here.
    os.environ.setdefault("CC", str(compiler()))
    sources = [str(source(module).relative_to(ROOT)) for module in MODULES]
    options = ["--config-file", str(_CONFIG)]
    extensions: Any = mypycify([*sources, *options], opt_level="3", target_dir=str(into / "c"), group_name="facade_native")
    steps = ["--quiet", "build_ext", "--build-lib", str(into / "lib"), "--build-temp", str(into / "o")]
    setup(name="facade-native", packages=[], py_modules=[], ext_modules=extensions, script_args=steps)


if __name__ == "__main__":
    try:
        build()
    except NoCompiler as error:
        print(f"facade: {error}", file=sys.stderr)
    except SourcesChanged as error:
        sys.exit(f"facade: {error}")
