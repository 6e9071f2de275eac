"""Runs a set of named processes until it is told to stop: prefixed output, restart after a crash, readiness,
and an end that leaves nothing.

    with Supervisor([Program("web", ["granian", …], ready=http_ok("http://127.0.0.1:8000/healthz"))]) as
    supervisor:
        supervisor.wait_ready(15)
        os.kill(supervisor.pids()["web"], signal.SIGKILL)  # it comes back

Refuses: daemons that close their environment (they could not be found again), and to give up restarting.
"""

from chassis.supervisor.events import Event, Report
from chassis.supervisor.probes import http_ok, tcp_open
from chassis.supervisor.program import Program, always_ready
from chassis.supervisor.supervisor import NotReadyError, Supervisor

__all__ = ["Event", "NotReadyError", "Program", "Report", "Supervisor", "always_ready", "http_ok", "tcp_open"]
