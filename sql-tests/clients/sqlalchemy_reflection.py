"""SQLAlchemy's mysql dialect: connecting, reflection, a statement built from expressions."""
import warnings

import sqlalchemy as sa

from server import Server, rows


def run(checks):
    # The dialect reads SHOW CREATE TABLE and warns of clauses that MySQL does not have.
    warnings.filterwarnings("ignore", message="Unknown schema content", category=sa.exc.SAWarning)
    with Server() as server:
        db = server.connect()
        for sql in ("CREATE DATABASE d", "CREATE TABLE d.t (id BIGINT NOT NULL, name VARCHAR(20), price DECIMAL(10, 2), at DATETIME)",
                    "CREATE VIEW d.v AS SELECT id FROM d.t",
                    "CREATE MATERIALIZED VIEW d.m REFRESH DEFERRED MANUAL AS SELECT id FROM d.t",
                    "INSERT INTO d.t VALUES (1, 'one', 1.50, '2024-01-01 00:00:00'), (2, 'two', NULL, NULL)"):
            rows(db, sql)
        engine = sa.create_engine(f"mysql+pymysql://root:@127.0.0.1:{server.sql_port}/d")
        inspector = sa.inspect(engine)
        checks.that("schemas", {"d", "information_schema"} <= set(inspector.get_schema_names()), inspector.get_schema_names())
        checks.that("tables", "t" in inspector.get_table_names(), inspector.get_table_names())
        checks.that("views", "v" in inspector.get_view_names(), inspector.get_view_names())
        columns = {c["name"]: c for c in inspector.get_columns("t")}
        checks.equal("column names", list(columns), ["id", "name", "price", "at"])
        checks.equal("types", [str(c["type"]) for c in columns.values()], ["BIGINT", "VARCHAR(20)", "DECIMAL(10, 2)", "DATETIME"])
        checks.equal("nullable", [c["nullable"] for c in columns.values()], [False, True, True, True])
        checks.equal("foreign keys", inspector.get_foreign_keys("t"), [])
        table = sa.Table("t", sa.MetaData(), autoload_with=engine)
        with engine.connect() as connection:
            query = sa.select(table.c.name, sa.func.count()).where(table.c.id > 0).group_by(table.c.name).order_by(table.c.name)
            checks.equal("a query from expressions", [tuple(r) for r in connection.execute(query)], [("one", 1), ("two", 1)])
            connection.execute(table.insert(), [{"id": 3, "name": "three", "price": None, "at": None}])
            connection.commit()
            checks.equal("an insert from expressions", connection.scalar(sa.select(sa.func.count()).select_from(table)), 3)
