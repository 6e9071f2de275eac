"""How the embedded PostgreSQL is set up: safe first, then sized for a machine with two cores and a few GB."""

from chassis.ports import LOOPBACK

# Iterations make the guessing of a weak password slow. The passwords here are 192 random bits, and each connection
# would pay for the default's 4096: more than for anything else in it.
_SCRAM_ITERATIONS = "1"

INITDB = (
    "--username=postgres",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth-local=reject",
    "--auth-host=scram-sha-256",
    f"--set=scram_iterations={_SCRAM_ITERATIONS}",
)

_ALWAYS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "maintenance_work_mem": "128MB",
    "synchronous_commit": "on",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "huge_pages": "off",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "autovacuum_naptime": "10s",
    # A client that is killed in the middle of a long statement must not leave its locks behind.
    "client_connection_check_interval": "1s",
    "scram_iterations": _SCRAM_ITERATIONS,
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
_DURABLE = {"fsync": "on", "full_page_writes": "on"}
# Loses data with the power, but not with a killed server: tests kill theirs and count what was committed.
_THROWAWAY = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB"}


def arguments(port: int, *, durable: bool) -> list[str]:
    """The server's command line: given at each start, so that a cluster made by an older version gets today's
    settings."""
    settings = {**_ALWAYS, **(_DURABLE if durable else _THROWAWAY), "port": str(port)}
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
