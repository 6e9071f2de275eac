"""What can go wrong in a load. Each message is one line for the operator; every page before it stays committed."""

from pathlib import Path


class LoadError(Exception):
    """The load stopped; the message says why and what to do."""


class FieldError(ValueError):
    """A value that a rule cannot take. The reader that knows the file and line turns it into `BadInput`."""


class BadInput(LoadError):
    """An input file is missing, damaged, or holds a row that no rule covers."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        self.path, self.line, self.problem = path, line, problem
        place = f"{path.name} line {line}" if line else str(path)
        super().__init__(f"{place}: {problem}")


class Collision(LoadError):
    """A row of the input and another row of the database claim the same key."""

    def __init__(self, table: str, problem: str) -> None:
        self.table = table
        super().__init__(
            f"{table}: {problem}; nothing was overwritten and this page was not written. Load into a database without these rows"
        )


class MovedContext(LoadError):
    """The fence refused the page: the context's authority is not this monolith's."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"the context has moved out, so rows written here would never be seen: {detail}. Nothing of this page was"
            " written. Load before it moves, or cut back first (`manage.py context rollback NAME`)"
        )


class AnotherLoad(LoadError):
    """Another `load_data` holds this database."""

    def __init__(self, pid: int | None) -> None:
        who = f" (database backend {pid})" if pid else ""
        super().__init__(f"another load_data is running on this database{who}; wait for it or end it, then run this again")


class OtherPassword(LoadError):
    """This load already began with another password, which is in the rows that are committed."""

    def __init__(self) -> None:
        super().__init__(
            "this load was made with another --password, and its customers keep it; run it with the same one"
            " (or without --password, if it had none), or load into an empty database"
        )


class Unaccounted(LoadError):
    """Input rows were read that no category of the summary counts."""

    def __init__(self, file: str, read: int, counted: int) -> None:
        super().__init__(f"{file}: {read} rows were read but {counted} are accounted for; this is a fault in the rules")
