"""What an export does not carry over, in sentences for the operator: what this entrance does, and what becomes of it."""

from collections.abc import Callable, Iterator

from facade.limits.declared import By
from facade.pipeline.declared import Declared, RouteRules

ALWAYS = (
    "read-your-writes: a read may reach a side that has not seen the reader's last write yet",
    "421 replay: a side that lost authority answers 421 to the client, and nothing repeats the request at the other side",
    "sticky cohorts: canary weights are drawn per request, not by the hash of the user",
    "shadow: no reads are compared",
    "route feed: the export is a picture of now; export again after each change of phase or percentage",
    "Banyan-Caller and Banyan-Timeout: upstreams get no signature of the entrance and no remaining time",
    "API keys: they are not checked; where a token is required, a caller with a key alone is refused",
    "admission by priority, the breaker's failure rate, and repeats of harmless requests after a broken answer, or 502 to 504",
    "timeouts.replica: a read at the side without authority is waited for as long as any other",
    "timeouts.whole: the deadline is for the whole answer, also for one that streams",
    "fallback: no read is answered by the other side, the cache or a declared answer where the side with authority fails",
    "FACADE_TLS_CERTIFICATE and FACADE_TLS_KEY: clients are listened to by http",
    "the sizes of bodies (max_body) are not bounded",
)
"""Of every export."""

ONLY_GATEWAY_API = (
    "access tokens: not checked, the Gateway API has no words for them; upstreams check them",
    "addresses: Services named monolith and like each context are expected, on the ports of the addresses known here",
    "circuit breakers, ejection, health checks, retries and timeouts but the deadline: not in the Gateway API's HTTPRoute",
    "https towards upstreams, with the platform's own authority and certificate: Services are called by http",
    "forged headers: removed by the names that are in use; X-Forwarded-* is left to the gateway",
    "/internal: refused in this spelling only; upstreams ask for their token there in any case",
)
"""Of manifests for Kubernetes, besides."""

_STAGES: tuple[tuple[str, Callable[[RouteRules], bool]], ...] = (
    ("scopes", lambda policy: bool(policy.scopes.read or policy.scopes.write)),
    ("secure", lambda policy: policy.secure is not None),
    ("cors", lambda policy: policy.cors is not None),
    ("compress", lambda policy: policy.compress is not None),
    ("cache", lambda policy: policy.cache is not None),
    ("transform", lambda policy: policy.transform is not None),
    ("contract", lambda policy: policy.contract is not None),
    ("idempotency_key", lambda policy: bool(policy.idempotency_key)),
    ("max_header", lambda policy: policy.max_header is not None),
)


def by_stage(declared: Declared) -> Iterator[str]:
    """One line for each stage that no export carries, with the paths that declare it."""
    for name, declares in _STAGES:
        if paths := sorted({policy.path for policy in declared.routes if declares(policy)}):
            yield f"{name}, which is declared for {', '.join(paths)}"


def limits(declared: Declared, *, by_ip: bool) -> Iterator[str]:
    """The rate limits that are not carried; `by_ip`: those per address are, with another way of counting."""
    dropped = sorted({str(limit) for policy in declared.routes for limit in policy.limits if not by_ip or limit.by is not By.IP})
    if dropped:
        yield f"rate limits: {', '.join(dropped)}"
    if whole := ", ".join(map(str, declared.entrance.limits)):
        yield f"rate limits of all routes together: {whole}"
    if by_ip and any(limit.by is By.IP for policy in declared.routes for limit in policy.limits):
        yield "rate limits per ip: a token bucket of each process and each exported route, not one window shared by all"
