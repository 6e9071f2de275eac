"""Run as a script, by path: become who the order says, then run a program, in the foreground or as a detached
daemon.

    python -I -S launch.py '{"become": "namespace", "uid": 65534, "gid": 65534, "log": "/…/log", "detach":
    true}' program argument…

A script of its own, since entering a user namespace needs a process with one thread and `preexec_fn` is not
safe in a parent with several. `become` is "self" (stay), "namespace" (a user namespace in which this user
appears as `uid`, so that a program that refuses root runs, with root's access to root's folders) or "user"
(set uid and gid). Prints the daemon's pid. Imports the standard library only.
"""

import ctypes
import json
import os
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000


def enter_namespace(uid: int, gid: int) -> None:
    """Appear as uid and gid, in a new user namespace that knows this one user; OSError where the kernel
    forbids it."""
    libc = ctypes.CDLL(None, use_errno=True)
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "this kernel or container forbids user namespaces")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1\n")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1\n")


def become_user(uid: int, gid: int) -> None:
    """Give up root for good."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def main() -> None:
    """Carry out the order in the first argument."""
    order, program = json.loads(sys.argv[1]), sys.argv[2:]
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if order.get("log") else None
    match order["become"]:
        case "namespace":
            enter_namespace(order["uid"], order["gid"])
        case "user":
            become_user(order["uid"], order["gid"])
    if order.get("detach"):
        if (pid := os.fork()) != 0:
            print(pid)
            return
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if log is not None:
        os.dup2(log, 1)
        os.dup2(log, 2)
    if program:
        os.execv(program[0], program)  # noqa: S606 - running what its caller names is all it does


if __name__ == "__main__":
    main()
