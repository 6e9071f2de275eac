"""What `run.py` checks: the model as it is, within some bounds, and each mistake that it must be able to catch.

A run is a name and the macros that it is compiled with. Macros that are not given have the defaults of `authority.pml`
(1 write of each of two clients, who read it back; 2 hand-overs; 1 crash; 1 operator).
"""

CLEAN: dict[str, dict[str, tuple[str, ...]]] = {
    "tiny": {
        "there, one crash": ("MOVES=1",),
        "two operators": ("CONTROLS=2", "MOVES=1", "CRASHES=0", "READS=0"),
    },
    "small": {
        "there and back, one crash": (),
        "two operators": ("CONTROLS=2", "MOVES=1", "CRASHES=0", "READS=0"),
    },
    "large": {
        "there and back, two crashes": ("CRASHES=2",),
        "three hand-overs, one crash": ("MOVES=3",),
        "two writes of each client": ("WRITES=2", "MOVES=1"),
        "two operators, one crash": ("CONTROLS=2", "MOVES=1"),
        "two operators, there and back": ("CONTROLS=2", "CRASHES=0", "READS=0"),
    },
}
"""The clean runs, by bounds: tiny is part of the tests, small is what `make model` runs."""

_SHORT = ("MOVES=1",)

MISTAKES: dict[str, tuple[str, tuple[str, ...]]] = {
    "NO_FENCE": ("writers take no lock, and the hand-over takes none", _SHORT),
    "CHECK_BEFORE_LOCK": ("writers check the authority before they hold the lock", _SHORT),
    "LOCK_OUTLIVES_HOLDER": ("the fence stays locked when its holder dies", _SHORT),
    "NO_DRAIN": ("authority is given up with changes still queued", _SHORT),
    "DRAIN_BY_HORIZON": ("the drain under the fence stops at the horizon", _SHORT),
    "GAIN_FIRST": ("the gainer's row is committed before the loser's", _SHORT),
    "NO_EPOCH_ON_ACTIVATE": ("a hand-over that slept moves authority back", ("READS=0",)),
    "NOBODY_FINISHES": ("a half hand-over is left to the process that died", _SHORT),
    "NO_EPOCH_ON_APPLY": ("the receiver does not ask under which authority a batch was read", _SHORT),
    "SEQ_UNGUARDED": ("the receiver applies an older batch over a newer one", _SHORT),
    "DELETE_EARLY": ("identities are deleted before they were applied", _SHORT),
    "SEQUENCE_ORDER": ("identities up to the last one seen are taken for done", _SHORT),
    "READ_UNCHECKED": ("a side without authority answers reads", _SHORT),
    "READ_BEFORE_HORIZON": ("a replica is read before it has the reader's own write", _SHORT),
    "HORIZON_EARLY": ("the horizon is published before the batch was applied", _SHORT),
    "HORIZON_IGNORES_RUNNING": ("the horizon passes over transactions that still run", _SHORT),
    "REPLAY_UNKNOWN": ("a write whose outcome is unknown is sent again", _SHORT),
    "ROUTER_FORGETS_EPOCH": ("a router goes back to an older table", _SHORT),
    "NO_KEY_HANDOVER": ("the gainer goes on with its own key sequence", _SHORT),
    "KEYS_BEFORE_FENCE": ("the loser's sequence is read while it still draws keys", _SHORT),
    "KEYS_SET_BACK": ("a hand-over that slept sets the gainer's sequence back", ("CONTROLS=2", "MOVES=1", "READS=0")),
}
"""Each planted mistake: what goes wrong in words, and bounds within which it shows."""
