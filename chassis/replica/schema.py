"""The tables of the replica protocol. They are the same on both sides and belong to no Django model.

banyan_authority   one row per context: which side may write, and since which epoch
banyan_outbox      identities of changed aggregates, written by the capture triggers in the writer's own transaction
banyan_retry       aggregates that the other side refused: when to try again, or parked until somebody replays them
banyan_position    what this side has accepted: the last batch of each lane, so that a repeated batch changes nothing
banyan_aggregate   where the roots of an aggregate live, for enumeration
banyan_sequence    the key allocators that change hands with the authority
banyan_checkpoint  how far a backfill has come, and the rates that tune it while it runs

The outbox is a queue: rows come and go all day. Its only index starts with context and lane and ends with an ascending number, so
that pages which emptied are reused, and autovacuum is told to come early.
"""

from typing import Final

CREATE: Final = """
CREATE TABLE banyan_authority (
    context text PRIMARY KEY,
    owner text NOT NULL CHECK (owner IN ('monolith', 'service')),
    epoch bigint NOT NULL CHECK (epoch >= 0),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE banyan_outbox (
    context text NOT NULL,
    lane smallint NOT NULL,
    priority smallint NOT NULL DEFAULT 0,
    id bigint GENERATED ALWAYS AS IDENTITY,
    aggregate text NOT NULL,
    key bigint NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    captured_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (context, lane, priority, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 2000000000);
CREATE TABLE banyan_retry (
    context text NOT NULL,
    aggregate text NOT NULL,
    key bigint NOT NULL,
    attempts integer NOT NULL,
    not_before timestamptz NOT NULL,
    parked boolean NOT NULL DEFAULT false,
    reason text NOT NULL,
    detail text NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (context, aggregate, key)
);
CREATE TABLE banyan_position (
    context text NOT NULL,
    lane smallint NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    horizon bigint NOT NULL,
    refused jsonb NOT NULL DEFAULT '[]',
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (context, lane)
);
CREATE TABLE banyan_aggregate (
    context text NOT NULL,
    aggregate text NOT NULL,
    root_table text NOT NULL,
    key_column text NOT NULL,
    PRIMARY KEY (context, aggregate)
);
CREATE TABLE banyan_sequence (
    context text NOT NULL,
    name text NOT NULL,
    sequence text NOT NULL,
    PRIMARY KEY (context, name)
);
CREATE TABLE banyan_checkpoint (
    context text NOT NULL,
    aggregate text NOT NULL,
    last_key bigint,
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    page_rows integer NOT NULL DEFAULT 5000,
    max_waiting integer NOT NULL DEFAULT 20000,
    max_lag_seconds double precision NOT NULL DEFAULT 5,
    max_active integer NOT NULL DEFAULT 24,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    PRIMARY KEY (context, aggregate)
);
CREATE SEQUENCE banyan_batch;
"""

DROP: Final = """
DROP TABLE banyan_authority, banyan_outbox, banyan_retry, banyan_position, banyan_aggregate, banyan_sequence,
    banyan_checkpoint;
DROP SEQUENCE banyan_batch;
"""
