//! Conditions, JSON and functions about values.

use super::{check, check_rows};

#[test]
fn conditions_accept_any_type() {
    check(&[
        ("\"if\"(true, 1, 2)", "1"),
        ("\"if\"(0, 1, 2)", "2"),
        ("\"if\"('0.5', 'a', 'b')", "a"),
        ("\"if\"(NULL, 1, 2)", "2"),
        ("\"if\"(true, 1, 'a')", "1"),
        ("\"if\"(false, 1, 2.5e0)", "2.5"),
        ("\"if\"(true, vm_to_datetime('2024-01-06'), 'x')", "2024-01-06 00:00:00"),
        ("typeof(\"if\"(true, 1, 'a'))", "varchar"),
        ("ifnull(NULL, 'a')", "a"),
        ("ifnull(1, 'a')", "1"),
        ("ifnull(NULL, NULL)", "NULL"),
        ("nvl(NULL, 2)", "2"),
        ("coalesce(NULL, 1, 'a')", "1"),
        ("coalesce(NULL, NULL)", "NULL"),
        ("coalesce(NULL, true, 5)", "1"),
        ("coalesce(7)", "7"),
        ("nullif(1, 1)", "NULL"),
        ("nullif(1, 2)", "1"),
        ("nullif('1.0', 1)", "NULL"),
        ("nullif(1, NULL)", "1"),
        ("nullif(NULL, 1)", "NULL"),
        ("nullif(cast('2024-01-06' as date), '2024-1-6')", "NULL"),
        ("isnull(NULL)", "1"),
        ("isnull(0)", "0"),
        ("isnotnull(0)", "1"),
    ]);
    check_rows(
        "(1), (NULL), (0)",
        &[
            ("\"if\"(x, 'yes', 'no')", &["yes", "no", "no"]),
            ("ifnull(x, 'none')", &["1", "none", "0"]),
            ("coalesce(x, 2.5e0)", &["1", "2.5", "0"]),
            ("nullif(x, '0')", &["1", "NULL", "NULL"]),
            ("isnull(x)", &["0", "1", "0"]),
        ],
    );
}

#[test]
fn unused_branches_are_not_evaluated() {
    check_rows("(1), (0)", &[("\"if\"(x = 0, 0, 10 / x)", &["10", "0"])]);
}

#[test]
fn json_values_are_found_by_path() {
    let json = r#"'{"k1":"v1","my.key":["e1","e2"],"n":{"i":7,"d":2.5,"t":true,"z":null}}'"#;
    let cases = [
        (r#"get_json_string({}, '$.k1')"#, "v1"),
        (r#"get_json_string({}, 'n.i')"#, "7"),
        (r#"get_json_string({}, '$."my.key"[1]')"#, "e2"),
        (r#"get_json_string({}, '$.n')"#, r#"{"i": 7, "d": 2.5, "t": true, "z": null}"#),
        (r#"get_json_string({}, '$.n.z')"#, "NULL"),
        (r#"get_json_int({}, '$.n.i')"#, "7"),
        (r#"get_json_int({}, '$.n.d')"#, "2"),
        (r#"get_json_double({}, '$.n.d')"#, "2.5"),
        (r#"get_json_bool({}, '$.n.t')"#, "1"),
        (r#"json_query({}, '$.k1')"#, "\"v1\""),
        (r#"json_exists({}, '$.n.x')"#, "0"),
        (r#"json_exists({}, '$.n.i')"#, "1"),
        (r#"json_length({})"#, "3"),
        (r#"json_keys({}, '$.n')"#, r#"["i", "d", "t", "z"]"#),
        (r#"get_json_string({}, '$[')"#, "NULL"),
    ];
    for (template, expected) in cases {
        check(&[(&template.replace("{}", json), expected)]);
    }
    check(&[
        ("get_json_string('[{\"k1\":\"v1\"}, {\"k2\":\"v2\"}, {\"k1\":\"v3\"}]', '$.k1')", "[\"v1\", \"v3\"]"),
        ("get_json_string('not json', '$.a')", "NULL"),
        ("parse_json('{\"a\": 1}')", "{\"a\": 1}"),
        ("parse_json('{')", "NULL"),
        ("json_object('a', 1, 'b', 'x', 'c', NULL)", "{\"a\": 1, \"b\": \"x\", \"c\": null}"),
        ("json_array(1, 2.5e0, true, 'x')", "[1, 2.5, true, \"x\"]"),
    ]);
}

#[test]
fn types_have_their_sql_names() {
    check(&[
        ("typeof(1)", "bigint"),
        ("typeof('a')", "varchar"),
        ("typeof(1.5e0)", "double"),
        ("typeof(true)", "boolean"),
        ("typeof(cast('2024-01-06' as date))", "date"),
        ("typeof(vm_to_datetime('2024-01-06'))", "datetime"),
        ("sleep(0)", "1"),
    ]);
}
