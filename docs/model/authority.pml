/* Who may write to a moving context: fence, relay, drain, hand-over, recovery, routers and key allocation.
 *
 * Two databases, M (monolith) and S (service). Every atomic step below is one transaction or one request of one process;
 * between two steps anything else may happen, for any length of time. Checked in every interleaving:
 *   - never two sides that would both accept a write, and never a half hand-over at rest;
 *   - no acknowledged write is lost or doubled, and the two sides agree at rest;
 *   - no read misses the same client's acknowledged write, neither at the side with authority nor at a replica;
 *   - no key is allocated twice (keys only ever go up, across both sides);
 *   - a request never starts at a side that its router has been told has given the context up;
 *   - nobody waits for ever (spin's invalid end states).
 *
 * README.md beside this file maps every step to its module in the code. run.py checks the model clean, and once with each of its
 * mistakes planted (-DNO_DRAIN and so on), all of which must be caught.
 */
#ifndef WRITES
#define WRITES 1   /* of each client: 1 or 2 */
#endif
#ifndef READS
#define READS 1    /* 0: clients only write */
#endif
#ifndef MOVES
#define MOVES 2    /* hand-overs */
#endif
#ifndef CRASHES
#define CRASHES 1  /* deaths and lost sessions, of controls and relays together */
#endif
#ifndef CONTROLS
#define CONTROLS 1 /* 2: a second operator who does not see the first one's lock */
#endif

#define M 0
#define S 1
#define NOWHERE 2
#define CLIENTS 2
#define SLOTS (CLIENTS * WRITES)
#define STRANGER 4 /* bit of the stranger among running transactions; the clients have bits 1 and 2 */
#define GAP 0      /* the code leaves a gap besides; without one, mistakes show */
#define NEVER 255
#ifdef NOBODY_FINISHES
#define FINISHABLE(l) false
#else
#define FINISHABLE(l) HALF(l)
#endif
#define HALF(l) (owner[l] == 1 - (l) && epoch[l] > epoch[1 - (l)])

byte owner[2];                 /* each database's authority row */
byte epoch[2];
byte excl[2];                  /* the fence: who holds it exclusively, 0 for nobody */
byte shared[2];                /*            how many transactions hold it shared */
byte data[2];                  /* the aggregate: how many increments it has seen */
byte pend[2];                  /* the outbox: a bit for each write that is captured and not yet deleted */
byte running[2];               /* a bit for each open write transaction */
byte older[SLOTS];             /* of each write: the transactions that drew an earlier xid and still run */
byte lane[2];                  /* who holds the lane's lock at the source, 0 for nobody */
byte sending[2];               /* batches under way, those of processes that lost their session included */
byte batch[2];                 /* the source's batch sequence */
byte seen[2];                  /* the receiver's position: the last batch that it accepted ... */
bool busy[2];                  /* ... and whether an application holds that row's lock */
byte key[2];                   /* each side's key sequence: the last number drawn */
byte newest;                   /* ghost: the highest key ever allocated */
byte route_owner[2];           /* what each router believes */
byte route_epoch[2];
byte route_top[2];             /* ghost: the latest epoch that it ever learnt */
byte feed_owner, feed_epoch;   /* the routes as published; a feed that lags is a router that has not asked yet */
byte horizon_epoch, horizon;   /* the published horizon: a bit for each write that it has passed */
byte acked, moves, crashes, done;

/* the writes whose xid is below the snapshot's xmin: nothing with an earlier one is still running */
#if WRITES == 1
#define SETTLED ((older[0] == 0) | ((older[1] == 0) << 1))
#define forget(who) older[0] = older[0] & ~(who); older[1] = older[1] & ~(who)
#else
#define SETTLED ((older[0] == 0) | ((older[1] == 0) << 1) | ((older[2] == 0) << 2) | ((older[3] == 0) << 3))
#define forget(who) older[0] = older[0] & ~(who); older[1] = older[1] & ~(who); \
                    older[2] = older[2] & ~(who); older[3] = older[3] & ~(who)
#endif
#if defined(SEQUENCE_ORDER) || defined(HORIZON_IGNORES_RUNNING)
#define TAKABLE(a) pend[a]
#else
#define TAKABLE(a) (pend[a] & SETTLED)
#endif
#ifdef READ_UNCHECKED
#define READABLE(at) true
#else
#define READABLE(at) (owner[at] == at)
#endif
#ifdef READ_BEFORE_HORIZON
#define PASSED(s, wrote) true
#else
#define PASSED(s, wrote) (horizon_epoch > wrote || (horizon_epoch == wrote && (horizon & (1 << s))))
#endif

inline end_transaction(side, who) { running[side] = running[side] & ~(who); forget(who) }

inline one_owner() { assert(!(owner[M] == M && owner[S] == S)) }

/* ---- routers and clients ---- */

inline believe(r, o, e) {
  if
#ifdef ROUTER_FORGETS_EPOCH
  :: e != route_epoch[r] ->
#else
  :: e > route_epoch[r] ->
#endif
     route_owner[r] = o; route_epoch[r] = e;
     if :: e > route_top[r] -> route_top[r] = e :: else -> skip fi
  :: else -> skip
  fi
}

/* A new request reaches one of the facades, which may or may not have seen the latest routes. One that was refused is repeated at
 * the other side.
 */
inline choose_side() {
  if
  :: at == NOWHERE ->
     if :: r = 0 :: r = 1 fi;
     if :: feed_epoch != route_epoch[r] -> believe(r, feed_owner, feed_epoch) :: true -> skip fi;
     at = route_owner[r]; knew = route_top[r]
  :: else -> at = 1 - at; knew = NEVER
  fi
}

/* 421 carries what the refusing side's row says */
inline misdirected(o, e) { assert(!(o != at && e == knew)); believe(r, o, e); knew = 0 }

proctype Client(byte i) {
  byte r, at = NOWHERE, knew, o, e, mine, wrote, n, s;
  do
  :: n < WRITES ->
     atomic {                                             /* the fence trigger; an xid is drawn */
       s = i * WRITES + n;
       choose_side();
#ifdef CHECK_BEFORE_LOCK
       o = owner[at]; e = epoch[at];
#endif
#ifndef NO_FENCE
       !excl[at] -> shared[at]++;
#endif
       older[s] = running[at]; running[at] = running[at] | (1 << i);
#ifndef CHECK_BEFORE_LOCK
       o = owner[at]; e = epoch[at]
#endif
     };
     atomic {                                             /* the change, its capture, a new key; commit; the answer */
#ifndef NO_FENCE
       shared[at]--;
#endif
       end_transaction(at, 1 << i);
       if
       :: o == at ->
          data[at]++; mine = data[at]; wrote = e; pend[at] = pend[at] | (1 << s);
          key[at]++; assert(key[at] > newest); newest = key[at];
#ifdef REPLAY_UNKNOWN
          if :: crashes < CRASHES -> crashes++ :: true -> acked++; n++ fi;
#else
          acked++; n++;
#endif
          r = 0; at = NOWHERE; knew = 0
       :: else -> older[s] = 0; misdirected(o, e)
       fi;
       o = 0; e = 0
     };
#if READS
     if
     :: i == 0 && n == s + 1 ->                           /* acknowledged: one client (they are alike) reads what it wrote */
        do
        :: atomic {                                       /* authority is checked first, the data are read afterwards */
             choose_side();
             if
             :: READABLE(at) -> break
             :: else -> misdirected(owner[at], epoch[at])
             fi
           }
        :: atomic {                                       /* or at the side without authority, past the horizon */
             PASSED(s, wrote) -> at = NOWHERE; choose_side(); at = 1 - at; break
           }
        od;
        atomic { assert(data[at] >= mine); r = 0; at = NOWHERE; knew = 0; mine = 0; wrote = 0 }
     :: else -> atomic { mine = 0; wrote = 0 }
     fi
#else
     atomic { mine = 0; wrote = 0 }
#endif
  :: else -> break
  od;
  done++
}

/* A long write transaction on other tables, open since before the beginning, in either database: it holds the xmin back. */
proctype Stranger() {
  atomic { end_transaction(M, STRANGER); end_transaction(S, STRANGER); done++ }
}

/* ---- the relay ---- */

/* The lane's lock, the authority, the identities (`which`), then a number: all before anything is read. */
inline take(a, who, which) {
  lane[a] = who; e = epoch[a]; taken = which; sending[a]++; batch[a]++; number = batch[a];
#if defined(SEQUENCE_ORDER) || defined(HORIZON_IGNORES_RUNNING)
  if :: taken & 1 -> passed = older[0] & 3 :: else -> skip fi;
  if :: taken & 2 -> passed = passed | (older[1] & 3) :: else -> skip fi;
#endif
}

/* The session that holds the lane's lock may be lost; its process may sleep, and go on without knowing. */
inline maybe_lose_session(a) {
  if :: atomic { crashes < CRASHES -> crashes++; lane[a] = 0; lost = true } :: true -> skip fi
}

/* One batch from side a to the other: read, apply, delete. */
inline send(a) {
  v = data[a];
  maybe_lose_session(a);
#ifdef DELETE_EARLY
  if :: !lost -> pend[a] = pend[a] & ~taken :: else -> skip fi;
#endif
#ifdef HORIZON_EARLY
  atomic { horizon_epoch = e; horizon = taken };
#endif
  atomic {                                                /* the receiver: fence shared, position locked, both checked */
    !excl[1 - a] && !busy[1 - a] -> shared[1 - a]++; busy[1 - a] = true;
    ok = true; fresh = true;
#ifndef NO_EPOCH_ON_APPLY
    ok = owner[1 - a] == a && epoch[1 - a] <= e;
#endif
#ifndef SEQ_UNGUARDED
    fresh = number > seen[1 - a]                          /* a batch that comes too late is answered, but changes nothing */
#endif
  };
  atomic {
    if :: ok && fresh -> data[1 - a] = v; seen[1 - a] = number :: else -> skip fi;
    shared[1 - a]--; busy[1 - a] = false
  };
  atomic {                                                /* delete what was applied; let go of the lane; publish */
    if
    :: !lost && ok ->
#ifdef SEQUENCE_ORDER
       pend[a] = pend[a] & ~(taken | passed);
#endif
#if !defined(DELETE_EARLY) && !defined(SEQUENCE_ORDER)
       pend[a] = pend[a] & ~taken;
#endif
       if :: horizon_epoch == e -> horizon = horizon | taken :: else -> horizon_epoch = e; horizon = taken fi;
#ifdef HORIZON_IGNORES_RUNNING
       horizon = horizon | passed;
#endif
    :: else -> skip
    fi;
    if :: !lost -> lane[a] = 0 :: else -> skip fi;
    sending[a]--;                                         /* numbers matter by their order only: start again after a pause */
    if :: sending[a] == 0 -> batch[a] = 0; seen[1 - a] = 0 :: else -> skip fi;
    v = 0; e = 0; number = 0; taken = 0; passed = 0; ok = false; fresh = false; lost = false
  }
}

/* The gainer takes its authority up, under its own fence and guarded by the epoch. Whoever finds the loser ahead may do it. */
inline activate(g, to) {
  atomic {
    !excl[g] && shared[g] == 0 ->
    if
#ifdef NO_EPOCH_ON_ACTIVATE
    :: true ->
#else
    :: epoch[g] < to ->
#endif
       owner[g] = g; epoch[g] = to; one_owner();
       seen[M] = 0; seen[S] = 0;                          /* positions need not outlive a hand-over: the epoch carries */
       feed_owner = g; feed_epoch = to
    :: else -> skip
    fi
  }
}

proctype Relay(byte a) {
  byte v, e, number, taken, passed; bool ok, fresh, lost;
  do
  :: atomic { !lane[a] && owner[a] == a && TAKABLE(a) -> take(a, 1, TAKABLE(a)) };
     send(a)
  :: FINISHABLE(a) -> activate(1 - a, epoch[a])
  :: done == CLIENTS + CONTROLS + 1 && !HALF(a) && !(owner[a] == a && pend[a]) -> break
  od
}

/* ---- the hand-over ---- */

inline let_go() { if :: excl[L] == me -> excl[L] = 0 :: else -> skip fi }

/* It dies, and somebody starts again; or only its session with the loser is lost, and it carries on, late. */
#ifdef LOCK_OUTLIVES_HOLDER
#define lock_ends skip
#else
#define lock_ends let_go()
#endif
#define may_die if \
                :: crashes < CRASHES -> atomic { crashes++; lock_ends }; if :: goto again :: true -> skip fi \
                :: true -> skip \
                fi

proctype Control(byte me) {
  byte L, G, was, drawn, v, e, number, taken, passed; bool ok, fresh, lost;
again:
  atomic { L = 0; G = 0; was = 0; drawn = 0 };
  do
  :: FINISHABLE(M) -> activate(S, epoch[M])
  :: FINISHABLE(S) -> activate(M, epoch[S])
  :: moves >= MOVES && !HALF(M) && !HALF(S) -> goto finished
  :: atomic { moves < MOVES && owner[M] == owner[S] -> L = owner[M]; G = 1 - L; was = epoch[L] }; break
  od;
#ifdef KEYS_BEFORE_FENCE
  drawn = key[L];
#endif
#ifndef NO_FENCE
  if                                                      /* bounded: it lets go and tries again */
  :: atomic { shared[L] == 0 && !excl[L] -> excl[L] = me }
  :: shared[L] != 0 || excl[L] -> goto again
  fi;
#endif
  may_die;
#ifndef NO_DRAIN
  do
#ifdef DRAIN_BY_HORIZON
  :: (pend[L] & SETTLED) == 0 -> break
  :: atomic { !lane[L] && (pend[L] & SETTLED) -> take(L, me, pend[L] & SETTLED) }; send(L)
#else
  :: pend[L] == 0 -> break                                /* all of it is final now, whatever the horizon says */
  :: atomic { !lane[L] && pend[L] -> take(L, me, pend[L]) }; send(L)
#endif
  od;
#endif
#ifndef NO_KEY_HANDOVER
#ifndef KEYS_BEFORE_FENCE
  drawn = key[L];
#endif
  may_die;
#ifdef KEYS_SET_BACK
  if :: drawn < key[G] -> drawn = key[G] :: else -> skip fi;
  key[G] = drawn + GAP;
#else
  atomic { if :: drawn < key[G] -> drawn = key[G] :: else -> skip fi; key[G] = drawn + GAP };
#endif
#endif
  may_die;
#ifdef GAIN_FIRST
  activate(G, was + 1);
  may_die;
#endif
  atomic {                                                /* the loser's row, in the session that holds the fence */
    if
#ifdef NO_FENCE
    :: owner[L] == L && epoch[L] == was ->
#else
    :: excl[L] == me && owner[L] == L && epoch[L] == was ->
#endif
       owner[L] = G; epoch[L] = was + 1; moves++          /* the point of no return */
    :: else -> let_go(); goto again
    fi
  };
  may_die;
  if
  :: epoch[G] > was -> skip                               /* somebody has finished it already */
  :: activate(G, was + 1)
  fi;
  atomic { let_go() };
  goto again;
finished:
  done++
}

init {
  atomic {
    epoch[M] = 1; epoch[S] = 1; feed_epoch = 1;
    route_epoch[0] = 1; route_epoch[1] = 1; route_top[0] = 1; route_top[1] = 1;
    if :: running[M] = STRANGER :: running[S] = STRANGER fi;
    run Client(0); run Client(1); run Stranger(); run Relay(M); run Relay(S); run Control(2);
#if CONTROLS == 2
    run Control(3)
#endif
  };
  (_nr_pr == 1);                                          /* at rest */
  assert(owner[M] == owner[S] && epoch[M] == epoch[S]);
  assert(acked == CLIENTS * WRITES);
  assert(pend[M] == 0 && pend[S] == 0);
  assert(data[owner[M]] == acked);
  assert(data[M] == data[S])
}
