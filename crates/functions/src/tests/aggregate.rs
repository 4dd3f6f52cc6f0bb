//! Aggregate functions.

use super::{check_rows, rows, session};

#[test]
fn texts_are_summed_as_numbers() {
    check_rows(
        "('1.5'), ('x'), (NULL), ('2.5')",
        &[("sum(x)", &["4"]), ("avg(x)", &["2"]), ("max(x)", &["x"]), ("count_if(x)", &["2"]), ("stddev(x)", &["0.5"])],
    );
}

#[test]
fn result_types_are_those_of_starrocks() {
    check_rows(
        "(cast(1.50 as decimal(10,2))), (cast(2.00 as decimal(10,2)))",
        &[
            ("sum(x)", &["3.50"]),
            ("typeof(sum(x))", &["decimal(38, 2)"]),
            ("avg(x)", &["1.75000000"]),
            ("typeof(avg(x))", &["decimal(38, 8)"]),
        ],
    );
    check_rows(
        "(1), (2), (3), (4)",
        &[
            ("typeof(sum(x))", &["bigint"]),
            ("avg(x)", &["2.5"]),
            ("variance(x)", &["1.25"]),
            ("var_samp(x)", &["1.6666666666666667"]),
            ("std(x)", &["1.118033988749895"]),
            ("stddev_samp(x)", &["1.2909944487358056"]),
            ("ndv(x)", &["4"]),
            ("typeof(approx_count_distinct(x))", &["bigint"]),
            ("sum(DISTINCT x)", &["10"]),
            ("any_value(x) IN (1, 2, 3, 4)", &["1"]),
            ("bool_or(x = 3)", &["1"]),
            ("bool_and(x)", &["1"]),
            ("max_by(concat('v', x), x)", &["v4"]),
            ("min_by(x, -x)", &["4"]),
            ("count_if(x > 2)", &["2"]),
        ],
    );
}

#[test]
fn percentiles_are_doubles() {
    check_rows(
        "(1), (2), (NULL)",
        &[
            ("percentile_approx(x, 0.5)", &["1.5"]),
            ("percentile_approx(concat(x, ''), cast(0.5 as decimal(2,1)), 1000)", &["1.5"]),
            ("percentile_cont(x, 0.25)", &["1.25"]),
            ("percentile_cont(concat(x, ''), cast(0.25 as decimal(3,2)))", &["1.25"]),
            ("typeof(percentile_approx(x, 1))", &["double"]),
        ],
    );
}

#[test]
fn empty_inputs() {
    let context = session("UTC");
    let sql = "SELECT sum(x), avg(x), count_if(x), ndv(x), group_concat(x), max_by(x, x), any_value(x) \
               FROM (VALUES (1)) AS t(x) WHERE x > 1";
    assert_eq!(rows(&context, sql), Ok(vec!["NULL|NULL|0|0|NULL|NULL|NULL".to_owned()]));
}

#[test]
fn groups_give_the_same_as_totals() {
    let context = session("UTC");
    let table =
        "(VALUES ('a', '1', 10), ('b', '2', 20), ('a', '3', 5), ('a', NULL, 7), ('b', 'x', NULL)) AS t(k, v, n)";
    let sql = format!(
        "SELECT k, sum(v), avg(v), count_if(n > 6), ndv(n), max_by(v, n), min_by(v, n), \
         group_concat(v, '-' ORDER BY v DESC), bool_or(n > 15), std(n) FROM {table} GROUP BY k ORDER BY k"
    );
    let expected = ["a|4|2|2|3|1|3|3-1|0|2.0548046676563256", "b|2|2|1|1|2|2|x-2|1|0"];
    assert_eq!(rows(&context, &sql), Ok(expected.map(str::to_owned).to_vec()));
}

#[test]
fn texts_are_joined() {
    check_rows(
        "('b'), ('a'), (NULL), ('a')",
        &[
            ("group_concat(x, '; ' ORDER BY x)", &["a; a; b"]),
            ("group_concat(DISTINCT x, ',' ORDER BY x)", &["a,b"]),
            ("group_concat(x ORDER BY x)", &["a,a,b"]),
            ("group_concat(x, '')", &["baa"]),
            ("typeof(group_concat(x))", &["varchar"]),
        ],
    );
    check_rows("(2.0e0), (1.5e0)", &[("group_concat(x, '|' ORDER BY x)", &["1.5|2"])]);
    check_rows("(NULL)", &[("group_concat(x, ',')", &["NULL"])]);
}

#[test]
fn aggregates_slide_over_windows() {
    let context = session("UTC");
    let sql = "SELECT sum(x) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), \
               avg(concat(x, '')) OVER (ORDER BY x) FROM (VALUES (1), (2), (3)) AS t(x) ORDER BY x";
    assert_eq!(rows(&context, sql), Ok(["1|1", "3|1.5", "5|2"].map(str::to_owned).to_vec()));
}

#[test]
fn many_groups_over_many_partitions_agree() {
    let context = session("UTC");
    let sql = "SELECT sum(s), sum(c), max(a) FROM (SELECT value % 20000 AS k, sum(concat(value, '')) AS s, \
               count_if(value % 2 = 0) AS c, avg(value) AS a FROM generate_series(1, 100000) GROUP BY k)";
    assert_eq!(rows(&context, sql), Ok(vec!["5000050000|50000|60000".to_owned()]));
}
