"""The errors that an operation may end with and that are answers, not faults of the program: one
line each, exit code 1.
"""

import psycopg
import valkey
from django.db import Error

from chassis import env
from migrations_tools import capture
from migrations_tools.control.archive import ArchiveUnreadable
from migrations_tools.control.facades import FacadesBehind
from migrations_tools.control.lock import ContextBusy
from migrations_tools.control.operations.backfill import NotCaptured, SomeParked
from migrations_tools.control.operations.complete import Unconfirmed
from migrations_tools.control.operations.verify import NotClean, NothingMirrored
from migrations_tools.control.settle import NonsenseFlags
from migrations_tools.cutover import CalledOff
from migrations_tools.gates import GatesUnmet
from migrations_tools.phases import NoSuchTransition
from migrations_tools.relay.drain import NotDrained
from migrations_tools.relay.remote import ReplicaRefused, ReplicaUnavailable

REFUSALS: tuple[type[Exception], ...] = (
    ArchiveUnreadable,
    CalledOff,
    ContextBusy,
    FacadesBehind,
    GatesUnmet,
    NoSuchTransition,
    NonsenseFlags,
    NotCaptured,
    NotClean,
    NotDrained,
    NothingMirrored,
    ReplicaRefused,
    ReplicaUnavailable,
    SomeParked,
    Unconfirmed,
    capture.TablesBusy,
    env.ServiceUnknownError,
    # Databases and Valkey that do not answer.
    Error,
    psycopg.Error,
    valkey.ValkeyError,
)
