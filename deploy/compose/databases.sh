#!/bin/sh
# Run once by the postgres image: a database and a role per context, each closed to the others.
set -eu
for name in monolith control users; do
    psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --set name="$name" --set password="$BANYAN_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT, TEMPORARY ON DATABASE :"name" FROM PUBLIC;
SQL
done
psql --username "$POSTGRES_USER" --command 'REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC'
