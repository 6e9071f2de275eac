"""An import-linter contract: a package is entered by its doors only.

`rooms` are packages; `doors` are module names relative to a room (`*` stands for one name). A module outside a room
may import of it a door, or what lies below a door, and nothing else. `exempt` modules, the places where everything is
wired, may import anything. It refuses a configuration that names a room or an exempt module that does not exist: a
misspelt rule would hold for ever.
"""

import re

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class NoSuchModule(ValueError):
    """The contract names a module that is not in the tree."""


class DoorsContract(Contract):
    """Reports each import from outside a room that does not go through a door."""

    type_name = "doors"

    rooms = fields.ListField(subfield=fields.StringField())
    doors = fields.ListField(subfield=fields.StringField())
    exempt = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        rooms, exempt = list(self.rooms), set(self.exempt or [])
        for name in (*rooms, *exempt):
            if name not in graph.modules:
                raise NoSuchModule(f"{self.name}: there is no module {name}")
        broken = [
            {"importer": importer, "imported": imported}
            for room in rooms
            for imported in sorted({room, *graph.find_descendants(room)})
            if not self._is_door(imported, room)
            for importer in sorted(graph.find_modules_that_directly_import(imported))
            if importer not in exempt and not _is_within(importer, room)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Each broken import on a line, and what to do about it."""
        for one in check.metadata["broken"]:
            output.print_error(f"{one['importer']} imports {one['imported']}, which is private")
        output.print_error(f"Only these may be imported from outside: {', '.join(self.doors)}.")

    def _is_door(self, module: str, room: str) -> bool:
        inside = module.removeprefix(room).removeprefix(".")
        return any(re.fullmatch(_pattern(door), inside) for door in self.doors)


def _pattern(door: str) -> str:
    return re.escape(door).replace(r"\*", r"[^.]+") + r"(\..+)?"


def _is_within(module: str, room: str) -> bool:
    return f"{module}.".startswith(f"{room}.")
