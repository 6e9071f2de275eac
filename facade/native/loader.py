"""Has the compiled modules imported in place of their sources, where they are there and of the same sources."""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

from facade.native.modules import MODULES, digest, folder
from facade.settings import native


class _Compiled(MetaPathFinder):
    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002
        file = self._files.get(name)
        return spec_from_file_location(name, file, loader=ExtensionFileLoader(name, str(file))) if file is not None else None


def use(environment: Mapping[str, str] = os.environ) -> bool:
    """Import compiled modules from now on, unless `FACADE_NATIVE` says no; whether there are some. To be called before any of
    them is imported.

    Raises RuntimeError when that has happened.
    """
    if not native(environment):
        return False
    early = [module for module in MODULES if module in sys.modules]
    if early:
        raise RuntimeError(f"{', '.join(early)} were imported before their machine code could be")
    where = folder(digest())
    suffix = EXTENSION_SUFFIXES[0]
    files = {".".join(file.relative_to(where).parts)[: -len(suffix)]: file for file in where.rglob(f"*{suffix}")}
    if not files.keys() >= set(MODULES):
        return False
    sys.meta_path.insert(0, _Compiled(files))
    return True


def compiled() -> bool:
    """Whether what this process has imported of the modules is machine code, all of it."""
    loaders = [getattr(sys.modules[module], "__loader__", None) for module in MODULES if module in sys.modules]
    return bool(loaders) and all(isinstance(loader, ExtensionFileLoader) for loader in loaders)
