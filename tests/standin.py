"""
A stand-in for Citus on a plain PostgreSQL: its functions and catalog, as far as Examboard uses them.

It refuses what Citus was measured to refuse when a table is distributed (engines.md, section 6), keeps what it was told
in the catalog, and moves nothing. It cannot refuse statements: `tests.statements` judges those by their text.
"""

from __future__ import annotations

from sqlalchemy import Connection

_SETUP = (
    "CREATE TABLE pg_dist_partition (logicalrelid regclass, partmethod text, partkey text, colocationid integer)",
    "CREATE TABLE pg_dist_node (groupid integer, isactive boolean, noderole text)",
    "CREATE TABLE emptied (name regclass)",
    "CREATE FUNCTION column_to_column_name(regclass, text) RETURNS text LANGUAGE sql AS 'SELECT $2'",
    """
    CREATE FUNCTION create_distributed_table(table_name regclass, distribution_column text,
        distribution_type text DEFAULT 'hash', colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL)
    RETURNS void LANGUAGE plpgsql AS $$
    DECLARE beside int := (SELECT max(colocationid) + 1 FROM pg_dist_partition);
    BEGIN
        IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = table_name) THEN
            RAISE EXCEPTION 'table % is already distributed', table_name;
        END IF;
        IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = table_name AND NOT tgisinternal) THEN
            RAISE EXCEPTION 'cannot distribute relation % because it has triggers', table_name;
        END IF;
        IF EXISTS (SELECT FROM pg_index i WHERE indrelid = table_name AND indisunique AND NOT EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = table_name AND attname = distribution_column
            AND attnum = ANY (i.indkey))) THEN
            RAISE EXCEPTION 'cannot create constraint on "%"', table_name;
        END IF;
        IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = table_name AND contype = 'f' AND confrelid NOT IN (
            SELECT logicalrelid FROM pg_dist_partition)) THEN
            RAISE EXCEPTION '% refers to a table that is not distributed', table_name;
        END IF;
        IF colocate_with <> 'none' THEN
            SELECT colocationid INTO STRICT beside FROM pg_dist_partition
            WHERE logicalrelid = colocate_with::regclass;
        END IF;
        INSERT INTO pg_dist_partition VALUES (table_name, 'h', distribution_column, coalesce(beside, 1));
    END $$
    """,
    """
    CREATE FUNCTION undistribute_table(table_name regclass, cascade_via_foreign_keys boolean DEFAULT false)
    RETURNS void LANGUAGE sql AS 'DELETE FROM pg_dist_partition WHERE logicalrelid = table_name'
    """,
    """
    CREATE FUNCTION truncate_local_data_after_distributing_table(table_name regclass) RETURNS void
    LANGUAGE sql AS 'INSERT INTO emptied VALUES ($1)'
    """,
    """
    CREATE FUNCTION run_command_on_shards(table_name regclass, command text, parallel boolean DEFAULT true)
    RETURNS TABLE (shardid bigint, success boolean, result text) LANGUAGE plpgsql AS $$
    BEGIN
        shardid := 1;
        success := true;
        EXECUTE format(command, table_name) INTO result;
        RETURN NEXT;
    END $$
    """,
)


def install(tx: Connection, workers: int = 2) -> None:
    """Put the stand-in beside the tables of a database, with some worker nodes."""
    for statement in _SETUP:
        tx.exec_driver_sql(statement.replace("%", "%%"))
    tx.exec_driver_sql("INSERT INTO pg_dist_node VALUES (0, true, 'primary')")
    for group in range(1, workers + 1):
        tx.exec_driver_sql("INSERT INTO pg_dist_node VALUES (%s, true, 'primary')", (group,))
