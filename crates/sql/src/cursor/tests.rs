use base::ErrorKind;

use super::*;
use crate::{ShowFilter, parse_expr, parse_query};

#[test]
fn words_are_matched_without_case_and_only_unquoted() {
    let mut cursor = Cursor::new("Show `tables` FROM db;").unwrap();
    assert!(cursor.starts_with(&["SHOW"]));
    assert!(!cursor.starts_with(&["SHOW", "TABLES"]));
    assert!(!cursor.skip(&["SHOW", "TABLES"]));
    cursor.expect(&["SHOW"]).unwrap();
    assert_eq!(cursor.identifier().unwrap(), "tables");
    assert_eq!(cursor.optional_from().unwrap().unwrap().name, "db");
    cursor.expect_end().unwrap();
}

#[test]
fn names_have_up_to_three_parts() {
    let name = |sql: &str| Cursor::new(sql).unwrap().name().map(|name| name.to_string());
    assert_eq!(name("t").unwrap(), "`t`");
    assert_eq!(name("c.`d b`.`t``1`").unwrap(), "`c`.`d b`.`t``1`");
    assert_eq!(name("db.2024").unwrap(), "`db`.`2024`");
    assert!(name("a.b.c.d").is_err());
    assert!(name("5").is_err());
}

#[test]
fn clauses_are_read() {
    let mut cursor = Cursor::new(
        "if not exists comment = 'it''s' properties ('a'='1', \"b\" = \"x\\\"y\", c.d = -2,) (a, `b c`) 'x' 'y' -7 u@h 'u'@'%'",
    )
    .unwrap();
    assert!(!cursor.if_exists());
    assert!(cursor.if_not_exists());
    assert_eq!(cursor.comment().unwrap().unwrap(), "it's");
    let pairs = cursor.optional_properties().unwrap();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(pairs, [("a", "1"), ("b", "x\"y"), ("c.d", "-2")]);
    assert_eq!(cursor.columns().unwrap(), ["a", "b c"]);
    assert_eq!(cursor.string().unwrap(), "xy");
    assert_eq!(cursor.signed_integer().unwrap(), -7);
    assert_eq!(cursor.user().unwrap().to_string(), "'u'@'h'");
    assert_eq!(cursor.user().unwrap().to_string(), "'u'@'%'");
    cursor.expect_end().unwrap();
}

#[test]
fn a_property_may_come_once() {
    let error = Cursor::new("(\"a\"=\"1\", \"a\"=\"2\")").unwrap().properties().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[test]
fn show_filters() {
    let filter = |sql: &str| Cursor::new(sql).unwrap().like_or_where().unwrap();
    assert_eq!(filter(""), ShowFilter::All);
    assert_eq!(filter("like 'a\\_%'"), ShowFilter::Like("a\\_%".to_owned()));
    assert_eq!(filter("where Name = 'x'"), ShowFilter::Where(parse_expr("Name = 'x'").unwrap()));
}

#[test]
fn order_and_limit_of_show_statements() {
    let mut cursor = Cursor::new("order by a desc, b asc, c limit 5, 10").unwrap();
    let order = cursor.optional_order_by().unwrap();
    assert_eq!(order.iter().map(|(_, descending)| *descending).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(cursor.optional_limit().unwrap(), Some((5, 10)));
    let limit = |sql: &str| Cursor::new(sql).unwrap().optional_limit().unwrap();
    assert_eq!([limit("limit 3"), limit("limit 3 offset 2"), limit("")], [Some((0, 3)), Some((2, 3)), None]);
}

#[test]
fn text_is_kept_as_written() {
    let sql = "create view v as  SELECT /* why */ a\n FROM `t` ; ";
    let mut cursor = Cursor::new(sql).unwrap();
    cursor.expect(&["create", "view", "v", "as"]).unwrap();
    let start = cursor.mark();
    cursor.query().unwrap();
    assert_eq!(cursor.text_since(start), "SELECT /* why */ a\n FROM `t`");
    cursor.rewind(start);
    assert_eq!(cursor.rest(), "SELECT /* why */ a\n FROM `t`");
    assert_eq!(cursor.rest(), "");
    cursor.expect_end().unwrap();
}

#[test]
fn hints_are_collected() {
    let sql = "select /*+ SET_VAR(query_timeout = 5) */ * from a join [Broadcast] b on a.x = b.x";
    let mut cursor = Cursor::new(sql).unwrap();
    assert_eq!(cursor.query().unwrap().to_string(), "SELECT * FROM a JOIN b ON a.x = b.x");
    let set = Hint::SetVar(vec![("query_timeout".to_owned(), "5".to_owned())]);
    assert_eq!(cursor.hints(), [set, Hint::Join("broadcast".to_owned())]);
}

#[test]
fn errors_name_the_place_and_what_was_meant() {
    let cases = [
        (
            "SELECT * FORM t",
            "near 'FORM t' at line 1 column 10: expected the end of the statement; \
             did you mean FROM?",
        ),
        ("SELECT a,\n FROM t", "near 'FROM t' at line 2 column 2: expected an expression"),
        ("SELECT (1 + 2", "near '' at line 1 column 14, the end of the statement: expected )"),
        ("SELECT cast(1 as) x", "near ') x' at line 1 column 17: expected a type"),
        (
            "SELECT a FORM t",
            "near 't' at line 1 column 15: expected the end of the statement; \
             did you mean FROM?",
        ),
        ("SELECT 'abc", "near ''abc' at line 1 column 8: expected ' to close this string"),
    ];
    for (sql, message) in cases {
        let error = parse_query(sql).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parse);
        assert!(error.message().ends_with(&format!(" right syntax to use {message}")), "{sql}: {error}");
    }
}

#[test]
fn a_query_only_reads() {
    for sql in ["DELETE FROM t", "with a as (select 1) delete from t", "", "SHOW TABLES", "(insert into t values (1))"]
    {
        assert!(parse_query(sql).is_err(), "{sql}");
    }
}

#[test]
fn errors_in_subqueries_are_reported_where_they_are() {
    let cases = [
        (
            "select * from (select a form t) x",
            "near 't) x' at line 1 column 30: expected a clause of the query or ); did you mean FROM?",
        ),
        ("select * from t where a in (select b from u where)", "near ')' at line 1 column 50: expected an expression"),
        (
            "select * from (select interval 5 from t) x",
            "near 'from t) x' at line 1 column 34: INTERVAL requires a unit",
        ),
    ];
    for (sql, expected) in cases {
        let message = parse_query(sql).unwrap_err().message().to_owned();
        assert!(message.contains(expected), "{sql}: {message}");
    }
}
