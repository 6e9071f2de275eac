"""Two operators never work on one context at once, and a dead one holds nothing."""

import os
import signal
import subprocess
import sys
import time

import pytest

from migrations_tools.control.lock import ContextBusy, operating, operator

pytestmark = pytest.mark.django_db(databases=["default", "control"], transaction=True)

HOLDER = """
import sys
import django
django.setup()
from django.db import connections
connections["control"].settings_dict["NAME"] = sys.argv[1]
from migrations_tools.control.lock import operating
with operating("users", "cutover"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_operator_is_refused_with_the_name_of_the_first() -> None:
    """The refusal says who, from where, and by which command."""
    with operating("users", "cutover"), pytest.raises(ContextBusy) as refusal, operating("users", "rollback"):
        pytest.fail("two operators at once")
    assert f"banyan {operator()} cutover {os.getpid()}" in refusal.value.holder
    assert refusal.value.context == "users"


def test_the_lock_is_let_go_at_the_end() -> None:
    """Whoever comes after the first one has ended is let in, also when it ended by an error."""
    with pytest.raises(ZeroDivisionError), operating("users", "verify"):
        raise ZeroDivisionError
    with operating("users", "verify"):
        pass


def test_contexts_do_not_stand_in_each_others_way() -> None:
    """The lock is one context's, and a comparison's is not that of a hand-over."""
    with operating("users", "cutover"), operating("orders", "cutover"), operating("users/verify", "verify"):
        pass


def test_a_killed_operator_holds_nothing() -> None:
    """kill -9 of the holder frees the context, with nobody to clean up after it."""
    from django.db import connections

    name = connections["control"].settings_dict["NAME"]
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(name)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ContextBusy), operating("users", "rollback"):
            pass
        holder.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while True:
        try:
            with operating("users", "rollback"):
                return
        except ContextBusy:
            assert time.monotonic() < deadline, "the lock outlived its holder"
            time.sleep(0.02)
