"""A checkout with one small module to be compiled, so that a build takes seconds, and C compilers that do what a test wants."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from facade.native.build import compiler
from facade.native.modules import ROOT

_NEEDED = ("facade/__init__.py", "facade/settings.py", "chassis/__init__.py", "chassis/records.py")
_TINY = '''"""Says what it is run as."""

from typing import Final

from facade.settings import KIB

ANSWER: Final = "old"
ROOM: Final = KIB


def answer() -> str:
    return ANSWER
'''
_ONE_MODULE = 'from facade.native import modules\n\nmodules.MODULES = ("facade.tiny",)\n'
_BUILD = f'{_ONE_MODULE}import runpy\n\nrunpy.run_module("facade.native.build", run_name="__main__")\n'
_ASK = f"""{_ONE_MODULE}from facade.native import loader

used = loader.use()
from facade import tiny

print(used, loader.compiled(), tiny.answer(), "machine code" if tiny.__file__.endswith(".so") else "Python")
"""


@dataclass(frozen=True)
class Tree:
    """The files below `root`."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> "Tree":
        shutil.copytree(ROOT / "facade/native", root / "facade/native", ignore=shutil.ignore_patterns("__pycache__"))
        (root / "chassis").mkdir()
        for name in _NEEDED:
            shutil.copy(ROOT / name, root / name)
        tree = cls(root)
        tree.tiny.write_text(_TINY)
        return tree

    def copied(self, root: Path) -> "Tree":
        """The same, with what was built, elsewhere."""
        shutil.copytree(self.root, root)
        return Tree(root)

    @property
    def tiny(self) -> Path:
        return self.root / "facade/tiny.py"

    def change(self, *, answer: str = "new") -> None:
        """Have the module say something else."""
        self.tiny.write_text(_TINY.replace("old", answer))

    def built(self) -> list[str]:
        """Everything that lies where machine code does, but for the lock."""
        return sorted(path.name for path in (self.root / "build/facade").glob("*") if path.name != ".lock")

    def begin(self, **environment: str) -> subprocess.Popen[str]:
        """`python -m facade.native.build`, under way, in a process group of its own."""
        return self._start(_BUILD, environment)

    def build(self, **environment: str) -> tuple[int, str]:
        """Its exit code, and all that it says."""
        process = self.begin(**environment)
        said, _ = process.communicate(timeout=120)
        return process.returncode, said

    def ask(self, **environment: str) -> str:
        """Whether machine code is used, whether the process thinks so, what the module says, and what it really is."""
        said, _ = self._start(_ASK, environment).communicate(timeout=60)
        return said.strip()

    def _start(self, code: str, environment: dict[str, str]) -> subprocess.Popen[str]:
        clean = {name: value for name, value in os.environ.items() if name != "FACADE_NATIVE"}
        return subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=self.root,
            env={**clean, "PYTHONPATH": str(self.root), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def compilers(folder: Path, script: str) -> str:
    """A PATH on which every C compiler is this shell script; `$REAL` is this machine's."""
    folder.mkdir()
    for name in ("cc", "gcc", "clang"):
        file = folder / name
        file.write_text(f"#!/bin/sh\nREAL={compiler()}\n{script}\n")
        file.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
