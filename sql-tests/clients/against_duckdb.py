"""Random queries, the same text to Viewmill and to DuckDB: joins of tables that share column names, subqueries of every kind
with NULL, groups, windows and set operations. The seed is fixed, so a failure repeats."""
import decimal
import random

import duckdb

from server import Server, rows

QUERIES = 400
SEED = 20240131
TABLES = {"t1": 60, "t2": 40, "t3": 8}
COLUMNS = "id INT, a INT, b BIGINT, d DECIMAL(10, 2), s VARCHAR(20), dt DATE"
TEXTS = ["", "a", "A", "b", "abc", "äöü", "日本", "10", "a%c", "z"]


def run(checks):
    with Server() as server:
        db = server.connect()
        rows(db, "CREATE DATABASE d")
        rows(db, "USE d")
        duck = duckdb.connect()
        duck.execute("SET default_null_order = 'nulls_first'")
        generator = Generator(random.Random(SEED))
        for table, count in TABLES.items():
            partitions = " PARTITION BY date_trunc('month', dt)" if table == "t2" else ""
            rows(db, f"CREATE TABLE {table} ({COLUMNS}){partitions}")
            duck.execute(f"CREATE TABLE {table} ({COLUMNS})")
            values = ", ".join(generator.row(i) for i in range(count))
            # Two files, so that rows come from more than one scan.
            for half in (values, ", ".join(generator.row(count + i) for i in range(count // 2))):
                rows(db, f"INSERT INTO {table} VALUES {half}")
                duck.execute(f"INSERT INTO {table} VALUES {half}")
        differing = []
        for _ in range(QUERIES):
            sql = generator.query()
            expected, seen = normalized(duck.execute(sql).fetchall()), answer(db, sql)
            if expected != seen:
                differing.append((sql, expected[:3], seen[:3]))
        checks.that(f"{QUERIES} random queries give DuckDB's rows", not differing, differing[:2])


def answer(db, sql):
    try:
        return normalized(rows(db, sql))
    except Exception as error:  # a query that DuckDB answers must not fail
        return [str(error)]


def normalized(result):
    """Rows in one order, numbers in one form."""
    return sorted(tuple(value(v) for v in row) for row in result)


def value(v):
    if v is None:
        return (0, "")
    if isinstance(v, (bool, int, float, decimal.Decimal)):
        return (1, f"{float(v):.9g}")
    return (2, str(v))


class Generator:
    def __init__(self, rng):
        self.rng = rng
        self.subqueries = 0

    def pick(self, *options):
        """One of the options, each a text or a function that makes one."""
        option = self.rng.choice(options)
        return option() if callable(option) else option

    def row(self, number):
        def maybe(make):
            return "NULL" if self.rng.random() < 0.15 else str(make())

        day = f"'2024-0{self.rng.randint(1, 4)}-{self.rng.randint(1, 28):02}'"
        return "({}, {}, {}, {}, {}, {})".format(
            number,
            maybe(lambda: self.rng.randint(-3, 8)),
            maybe(lambda: self.rng.choice([0, 1, 2, 5, 10**12, -(10**12)])),
            maybe(lambda: self.rng.choice(["0.00", "1.25", "-1.25", "2.50", "99999999.99"])),
            maybe(lambda: "'" + self.rng.choice(TEXTS) + "'"),
            maybe(lambda: day),
        )

    def column(self, alias, kind):
        return f"{alias}." + self.rng.choice({"n": ["id", "a", "b", "d"], "s": ["s"], "t": ["dt"]}[kind])

    def expression(self, aliases, kind):
        column = lambda: self.column(self.rng.choice(aliases), kind)
        literal = {"n": ["0", "1", "2", "1.25", "-1"], "s": ["'a'", "'b'", "'äöü'", "''"], "t": ["date '2024-02-15'"]}[kind]
        return self.pick(
            column,
            column,
            column,
            lambda: self.rng.choice(literal),
            lambda: f"coalesce({column()}, {column()})",
            lambda: f"nullif({column()}, {column()})",
            lambda: f"CASE WHEN {self.condition(aliases, 0)} THEN {column()} ELSE {column()} END",
            lambda: f"({column()} + {column()})" if kind == "n" else column(),
        )

    def condition(self, aliases, depth=2):
        kind = self.rng.choice("nnst")
        e = lambda: self.expression(aliases, kind) if depth else self.column(self.rng.choice(aliases), kind)
        simple = [
            lambda: f"{e()} {self.rng.choice(['=', '<>', '<', '<=', '>', '>='])} {e()}",
            lambda: f"{e()} IS {self.rng.choice(['', 'NOT '])}NULL",
            lambda: f"{e()} {self.rng.choice(['', 'NOT '])}BETWEEN {e()} AND {e()}",
            lambda: f"{e()} {self.rng.choice(['', 'NOT '])}IN ({e()}, {e()})",
        ]
        if depth == 0:
            return self.pick(*simple)
        inner = lambda: self.condition(aliases, depth - 1)
        return self.pick(
            *simple,
            lambda: f"({inner()} AND {inner()})",
            lambda: f"({inner()} OR {inner()})",
            lambda: f"NOT ({inner()})",
            lambda: f"({inner()}) IS {self.rng.choice(['', 'NOT '])}{self.rng.choice(['TRUE', 'FALSE', 'NULL'])}",
            lambda: self.question(aliases, kind),
            lambda: self.question(aliases, kind),
        )

    def question(self, aliases, kind):
        """A subquery in a condition; half of them are correlated."""
        self.subqueries += 1
        q = f"q{self.subqueries}"
        outside = self.rng.choice(aliases)
        where = self.pick("", f" WHERE {q}.a = {outside}.a", f" WHERE {self.condition([q], 0)}")
        table = self.rng.choice(list(TABLES))
        one = f"(SELECT {self.column(q, kind)} FROM {table} {q}{where})"
        least = f"(SELECT min({self.column(q, kind)}) FROM {table} {q}{where})"
        e = self.column(outside, kind)
        return self.pick(
            f"{e} IN {one}",
            f"{e} NOT IN {one}",
            f"{self.rng.choice(['', 'NOT '])}EXISTS {one}",
            f"{e} {self.rng.choice(['=', '<', '>='])} {least}",
            f"{e} {self.rng.choice(['<', '>=', '='])} {self.rng.choice(['ANY', 'ALL'])} {one}",
        )

    def tables(self):
        source = lambda: self.pick(*TABLES, "(SELECT * FROM t1 WHERE a > 0)", "(SELECT * FROM t2 UNION ALL SELECT * FROM t3)")
        text, aliases = f"{source()} x", ["x"]
        for alias in ["y", "z"][: self.rng.choice([0, 1, 1, 2])]:
            join = self.rng.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
            key = self.rng.choice(["a", "b", "s", "dt"])
            more = f" AND {self.condition([alias], 0)}" if self.rng.random() < 0.3 else ""
            text += f" {join} {source()} {alias} ON {self.rng.choice(aliases)}.{key} = {alias}.{key}{more}"
            aliases.append(alias)
        return text, aliases

    def query(self):
        tables, aliases = self.tables()
        where = f" WHERE {self.condition(aliases)}" if self.rng.random() < 0.8 else ""
        e = lambda: self.expression(aliases, self.rng.choice("nst"))
        number = lambda: self.expression(aliases, "n")
        key = ", ".join(f"{alias}.id" for alias in aliases)
        return self.pick(
            lambda: f"SELECT {self.rng.choice(['', 'DISTINCT '])}{e()} AS k0, {e()} AS k1 FROM {tables}{where}",
            lambda: f"SELECT count(*), sum({number()}), min({e()}), count(DISTINCT {e()}) FROM {tables}{where}",
            lambda: f"SELECT {e()} AS k0, count(*) AS n, max({e()}) AS m FROM {tables}{where} GROUP BY k0 HAVING count(*) > 1",
            lambda: f"SELECT {key}, rank() OVER (PARTITION BY x.a ORDER BY x.b) AS r FROM {tables}{where}",
            lambda: f"SELECT {key}, sum(x.a) OVER (PARTITION BY x.s ORDER BY {key}) AS r FROM {tables}{where}",
            lambda: f"SELECT x.a AS k FROM {tables}{where} {self.rng.choice(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT'])} "
            f"SELECT a FROM t3",
        )
