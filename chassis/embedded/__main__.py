"""`python -m chassis.embedded stop|destroy`: stop this checkout's servers; `destroy` deletes their files
too."""

import sys
from pathlib import Path

from chassis.embedded import installed


def stop(var: Path, *, destroy: bool = False) -> list[str]:
    """Stop the servers under `var`; the names of those that exist there."""
    servers = [server for server in (installed.cluster(var), installed.valkey(var)) if server.path.exists()]
    for server in servers:
        if destroy:
            server.destroy()
        else:
            server.stop()
    return [type(server).__name__ for server in servers]


if __name__ == "__main__":
    from chassis.env import var_dir

    if sys.argv[1:] not in (["stop"], ["destroy"]):
        sys.exit(__doc__)
    print(*stop(var_dir(), destroy=sys.argv[1] == "destroy"), sep="\n")
