#!/bin/sh
# Creates the role as which the site connects. PostgreSQL's image runs this once, when the database is new.
# The tables belong to the owner, who migrates; after each migration, the site gets its rights (DATABASE_SITE_ROLE).
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv password SITE_PASSWORD
CREATE ROLE recovery LOGIN PASSWORD :'password';
REVOKE ALL ON DATABASE recovery FROM PUBLIC;
GRANT CONNECT ON DATABASE recovery TO recovery;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
SQL
