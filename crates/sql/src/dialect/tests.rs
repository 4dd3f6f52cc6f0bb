use sqlparser::ast::{Expr, SelectItem, SetExpr, Value};

use crate::{Cursor, Pipes, parse_expr, parse_query};

/// The expression with brackets around every operation.
fn shape(expr: &Expr) -> String {
    match expr {
        Expr::BinaryOp { left, op, right } => format!("({} {op} {})", shape(left), shape(right)),
        Expr::UnaryOp { op, expr } => format!("({op} {})", shape(expr)),
        Expr::Nested(inner) => shape(inner),
        Expr::IsNull(inner) => format!("({} IS NULL)", shape(inner)),
        Expr::Between { expr, low, high, .. } => format!("({} BETWEEN {} {})", shape(expr), shape(low), shape(high)),
        Expr::Like { expr, pattern, .. } => format!("({} LIKE {})", shape(expr), shape(pattern)),
        Expr::RLike { expr, pattern, .. } => format!("({} RLIKE {})", shape(expr), shape(pattern)),
        Expr::Interval(interval) => format!("INTERVAL[{}]", shape(&interval.value)),
        Expr::Cast { expr, data_type, .. } => format!("CAST({} {data_type})", shape(expr)),
        other => other.to_string(),
    }
}

#[test]
fn operators_bind_as_in_mysql() {
    let cases = [
        ("10 div 3 + 1", "((10 DIV 3) + 1)"),
        ("1 + 10 div 3 * 2", "(1 + ((10 DIV 3) * 2))"),
        ("10 mod 3 * 2 mod 4", "(((10 % 3) * 2) % 4)"),
        ("-a mod 3", "((- a) % 3)"),
        ("!a = b", "((NOT a) = b)"),
        ("not a = b", "(NOT (a = b))"),
        ("not a is null", "(NOT (a IS NULL))"),
        ("a = 1 xor b = 2 or c", "(((a = 1) XOR (b = 2)) OR c)"),
        ("a && b || c and d", "((a AND b) OR (c AND d))"),
        ("a = 1 && b = 2", "((a = 1) AND (b = 2))"),
        ("1 | 2 & 3 << 1 + 1", "(1 | (2 & (3 << (1 + 1))))"),
        ("2 * 3 ^ 4", "(2 * (3 ^ 4))"),
        ("-2 ^ 2", "((- 2) ^ 2)"),
        ("~a * b", "((~ a) * b)"),
        ("a - -1", "(a - (- 1))"),
        ("a like 'x' = b", "((a LIKE 'x') = b)"),
        ("a = b is null", "((a = b) IS NULL)"),
        ("a between 1 and 2 + 3 and b", "((a BETWEEN 1 (2 + 3)) AND b)"),
        ("a rlike 'x' and b regexp 'y'", "((a RLIKE 'x') AND (b RLIKE 'y'))"),
        ("j->'$.a' = 1 and x", "(((j -> '$.a') = 1) AND x)"),
        ("t.j->>'a.b'", "(t.j ->> 'a.b')"),
        ("d - interval 1 + 1 day", "(d - INTERVAL[(1 + 1)])"),
        ("d + interval -1 month > e", "((d + INTERVAL[(- 1)]) > e)"),
        ("binary a = 'A'", "(CAST(a BINARY) = 'A')"),
        ("a <=> b == c", "((a <=> b) = c)"),
    ];
    for (sql, expected) in cases {
        assert_eq!(shape(&parse_expr(sql).unwrap()), expected, "{sql}");
    }
}

#[test]
fn pipes_mean_what_the_session_says() {
    let read = |pipes| Cursor::with_pipes("a = b || c = d", pipes).unwrap().expr().unwrap();
    assert_eq!(shape(&read(Pipes::Or)), "((a = b) OR (c = d))");
    assert_eq!(shape(&read(Pipes::Concat)), "((a = (b || c)) = d)");
}

#[test]
fn long_chains_are_balanced_and_short_ones_are_not() {
    assert_eq!(shape(&parse_expr("a or b or c or d").unwrap()), "(((a OR b) OR c) OR d)");
    let terms: Vec<String> = (0..10_000).map(|n| format!("a = {n}")).collect();
    let chain = terms.join(" OR ");
    let expr = parse_expr(&chain).unwrap();
    assert_eq!(expr.to_string(), chain);
    assert!(left_depth(&expr) < 20);
}

fn left_depth(expr: &Expr) -> usize {
    match expr {
        Expr::BinaryOp { left, .. } => 1 + left_depth(left),
        _ => 0,
    }
}

#[test]
fn calls_are_ordinary_functions_where_they_look_like_it() {
    let functions = [
        "substring(a, 2, 3)",
        "substr(a, 1)",
        "trim(a)",
        "trim(a, 'x')",
        "position(a, b)",
        "floor(a)",
        "ceil(a)",
        "left(a, 2)",
        "if(a, b, c)",
        "date('2024-01-01')",
        "char(65)",
        "mod(7, 2)",
        "row(1, 2)",
        "struct(1, 2)",
        "map(1, 2)",
        "replace(a, b, c)",
        "truncate(a, 1)",
        "year(d)",
        "insert(a, 1, 2, b)",
        "user()",
        "database()",
        "values(a)",
        "format(1, 2)",
        "extract(a)",
        "timestampdiff(DAY, a, b)",
        "group_concat(a ORDER BY b DESC SEPARATOR ', ')",
        "count(DISTINCT a, b)",
        "dict.f(a)",
        "array_map(x -> x + 1, a)",
        "array_map((x, y) -> x + y, a, b)",
    ];
    for sql in functions {
        match parse_expr(sql) {
            Ok(Expr::Function(function)) => assert_eq!(Expr::Function(function).to_string(), sql),
            // EXTRACT exists only in its special form.
            other => assert!(sql == "extract(a)" && other.is_err(), "{sql}: {other:?}"),
        }
    }
    let special = ["SUBSTRING(a FROM 2 FOR 3)", "TRIM(BOTH 'x' FROM a)", "POSITION('a' IN b)", "EXTRACT(YEAR FROM d)"];
    for sql in special {
        let expr = parse_expr(sql).unwrap();
        assert!(!matches!(expr, Expr::Function(_)), "{sql}");
        assert_eq!(expr.to_string(), sql);
    }
}

#[test]
fn words_may_be_column_names() {
    for word in [
        "date",
        "time",
        "timestamp",
        "position",
        "extract",
        "hour",
        "trim",
        "left",
        "status",
        "comment",
        "binary",
        "key",
    ] {
        let query = parse_query(&format!("select {word}, t.{word} from t where {word} = 1 order by {word}")).unwrap();
        let SetExpr::Select(select) = *query.body else { panic!("a select") };
        assert!(matches!(&select.projection[0], SelectItem::UnnamedExpr(Expr::Identifier(_))), "{word}");
    }
}

#[test]
fn literals() {
    let cases = [
        ("'a' 'b'", "'ab'"),
        ("\"a\"", "\"a\""),
        ("x'ff'", "X'ff'"),
        ("0xFF", "X'FF'"),
        ("n'é'", "'é'"),
        ("_utf8mb4 'é'", "'é'"),
        ("date '2024-01-01'", "DATE '2024-01-01'"),
        ("[1, 2]", "[1, 2]"),
        ("array<int>[1]", "CAST(ARRAY[1] AS ARRAY<INT>)"),
        ("map{'a': 1, b: 2}", "MAP {'a': 1, b: 2}"),
        ("map<int, string>{1: 'x'}", "CAST(MAP {1: 'x'} AS Map(INT, STRING))"),
        ("cast(a as array<map<int, varchar(3)>>)", "CAST(a AS ARRAY<Map(INT, VARCHAR(3))>)"),
        ("cast(a as unsigned integer)", "CAST(a AS UNSIGNED)"),
        ("cast(a as char(3) character set utf8mb4)", "CAST(a AS CHAR(3))"),
        ("cast(a as largeint)", "CAST(a AS LARGEINT)"),
        ("convert(a, decimal(10, 2))", "CAST(a AS DECIMAL(10,2))"),
        ("convert(a using utf8mb4)", "(a)"),
        ("{fn now()}", "{fn now()}"),
        ("a[1].b['c']", "a[1].b['c']"),
        ("@@session.x", "@@session.x"),
    ];
    for (sql, expected) in cases {
        assert_eq!(parse_expr(sql).unwrap().to_string(), expected, "{sql}");
    }
    let Expr::Value(value) = parse_expr(r"'50\%\n'").unwrap() else { panic!("a value") };
    assert_eq!(value.value, Value::SingleQuotedString("50\\%\n".to_owned()));
}

#[test]
fn missing_expressions_are_found_where_they_are_missing() {
    for sql in [
        "select , a",
        "select a from t where",
        "select a + from t",
        "select a from t group by",
        "select f(a, )",
        "a and",
    ] {
        assert!(parse_query(sql).is_err() && parse_expr(sql).is_err(), "{sql}");
    }
}
