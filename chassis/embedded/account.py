"""As whom a server runs: PostgreSQL refuses root, and refuses users without a name in /etc/passwd."""

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chassis import processes
from chassis.processes import Process

_LAUNCH = Path(__file__).with_name("launch.py")


class NoAccountError(RuntimeError):
    """Nobody here can run PostgreSQL: the user has no name in /etc/passwd, is not root, and user namespaces
    are forbidden."""


class LaunchError(RuntimeError):
    """A program could not be run; the message is what it, or the launcher, said."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who a server becomes: `become` is one of the words that `launch.py` knows."""

    become: str
    uid: int
    gid: int

    def run(self, program: Sequence[str]) -> None:
        """Run to the end in the foreground; LaunchError with its output when it fails."""
        self._launch({}, program)

    def daemon(self, program: Sequence[str], log: Path) -> Process | None:
        """Start detached, output appended to `log`; None when it died at once."""
        pid = int(self._launch({"log": str(log), "detach": True}, program))
        return processes.find(pid)

    def _launch(self, order: dict[str, object], program: Sequence[str]) -> str:
        order = {**order, "become": self.become, "uid": self.uid, "gid": self.gid}
        command = [sys.executable, "-I", "-S", str(_LAUNCH), json.dumps(order), *program]
        done = subprocess.run(
            command,
            env=_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise LaunchError((done.stderr or done.stdout).strip())
        return done.stdout


def myself() -> Account:
    """The user of this process, as it is."""
    return Account("self", os.geteuid(), os.getegid())


def for_server(data: Path, *, namespaces: bool = True) -> Account:
    """Who runs PostgreSQL on the folder `data`, which need not exist yet.

    An ordinary user: itself. Root: a user namespace where that is allowed, else `nobody`; but whoever owns
    the folder, when that is not root. `namespaces=False` goes on as if user namespaces were forbidden.
    Errors: NoAccountError.
    """
    me = os.geteuid()
    if me == 0 and data.exists() and (owner := data.stat()).st_uid != 0:
        return Account("user", owner.st_uid, owner.st_gid)
    if me != 0 and _has_name(me):
        return myself()
    stranger = _stranger()
    inside = Account("namespace", stranger.pw_uid, stranger.pw_gid)
    if namespaces and _possible(inside):
        return inside
    if me == 0:
        return Account("user", stranger.pw_uid, stranger.pw_gid)
    raise NoAccountError(NoAccountError.__doc__)


def _possible(account: Account) -> bool:
    try:
        account.run([])
    except LaunchError:
        return False
    return True


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _stranger() -> pwd.struct_passwd:
    others = [entry for entry in pwd.getpwall() if entry.pw_uid != 0]
    if not others:
        raise NoAccountError("PostgreSQL needs a user other than root, and /etc/passwd names none")
    return next((entry for entry in others if entry.pw_name == "nobody"), others[-1])


def _environment() -> dict[str, str]:
    # Nothing of the caller's PG* settings, locale or Python path may reach a server.
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
