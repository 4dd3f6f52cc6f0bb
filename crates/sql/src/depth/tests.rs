use base::Result;
use sqlparser::ast::Query;

use crate::{parse_expr, parse_query, print_query};

const MANY: usize = 100_000;

fn refused<T>(name: &str, outcome: Result<T>) {
    let error = outcome.err().unwrap_or_else(|| panic!("{name} is refused"));
    assert!(error.message().contains("nested too deeply"), "{name}: {error}");
}

#[test]
fn deep_statements_are_refused_without_overflow() {
    refused("brackets", parse_query(&format!("select {}1{}", "(".repeat(MANY), ")".repeat(MANY))));
    refused("open brackets", parse_query(&format!("select {}", "(".repeat(MANY))));
    refused("subqueries", parse_query(&format!("{}1{}", "select (".repeat(MANY), ")".repeat(MANY))));
    refused("derived tables", parse_query(&format!("{}t{}", "select * from (".repeat(MANY), ")".repeat(MANY))));
    refused("sums", parse_expr(&format!("1{}", "+1".repeat(MANY))));
    refused("signs", parse_expr(&format!("{}1", "- ".repeat(MANY))));
    refused("negations", parse_expr(&format!("{}1", "not ".repeat(MANY))));
    refused("comparisons", parse_expr(&format!("a{}", " is null".repeat(MANY))));
    refused("arrows", parse_expr(&format!("a{}", "->'b'".repeat(MANY))));
    refused("calls", parse_expr(&format!("{}1{}", "f(".repeat(MANY), ")".repeat(MANY))));
    refused("cases", parse_expr(&"case when a then ".repeat(MANY)));
    refused("intervals", parse_expr(&"interval ".repeat(MANY)));
    refused("arrays", parse_expr(&"[".repeat(MANY)));
    refused("types", parse_expr(&format!("cast(a as {}int", "array<".repeat(MANY))));
    refused("set operations", parse_query(&vec!["select 1"; MANY].join(" union ")));
    refused("mixed set operations", parse_query(&vec!["select 1"; 200].join(" except ")));
    refused("lambdas", parse_expr(&format!("f({}1)", "x -> ".repeat(MANY))));
}

#[test]
fn wide_statements_are_read() {
    let columns = vec!["a"; MANY].join(", ");
    parse_query(&format!("select {columns} from t where a in ({columns})")).unwrap();
    parse_expr(&vec!["a = 1"; MANY].join(" and ")).unwrap();
    parse_query(&vec!["select 1, 2 + 3"; 2_000].join(" union all ")).unwrap();
    parse_expr(&format!("case {} end", "when a = 1 then b + 1 ".repeat(10_000))).unwrap();
}

/// The deepest trees that are let through can be copied, printed and dropped on an ordinary thread's stack.
#[test]
fn accepted_statements_can_be_walked() {
    let sum = format!("select a{}", " + 1".repeat(400));
    let nested = format!("select {}1{}", "(".repeat(100), ")".repeat(100));
    let unions = vec!["select 1"; 2_000].join(" union ");
    let mixed = vec!["select 1"; 50].join(" union ") + &" except select 2".repeat(49);
    let subqueries = format!("select {}1{}", "(select ".repeat(40), ")".repeat(40));
    let within = format!("select * from ({unions}) u");
    for sql in [sum, nested, unions, mixed, subqueries, within] {
        let query: Box<Query> = parse_query(&sql).unwrap();
        let copy = query.clone();
        assert_eq!(copy, query);
        assert_eq!(print_query(&parse_query(&print_query(&copy)).unwrap()), print_query(&query));
    }
}

/// Trying each level in two ways would take 2 to the power of 40 or more steps.
#[test]
fn nested_forms_with_an_error_inside_are_refused_without_trying_all_ways() {
    let forms = [
        "cast(",
        "case when ",
        "case a when ",
        "interval ",
        "exists(",
        "not ",
        "trim(",
        "substring(",
        "convert(",
        "f(",
        "binary (",
        "(",
        "array[",
        "[",
        "map{1: ",
        "current_date(",
        "{fn f(",
        "if(",
        "f(x -> ",
        "f((x, y) -> ",
        "date(",
        "match(",
        "extract(",
    ];
    for form in forms {
        for tail in ["", "1 as", ")", "from", "(select"] {
            assert!(parse_expr(&format!("{}{tail}", form.repeat(60))).is_err(), "{form}{tail}");
        }
    }
    let queries = [
        "a in (select b from t where ",
        "a in ((select b from t where ",
        "a = (select b from t where ",
        "exists ((select 1 from ((",
        "exists (select 1 from (select * from t where ",
        "exists (select * from (t join u on ",
    ];
    for form in queries {
        for tail in ["", "from", "a = 1)"] {
            assert!(parse_expr(&format!("{}{tail}", form.repeat(40))).is_err(), "{form}{tail}");
            assert!(parse_expr(&format!("{}{tail}", form.repeat(8))).is_err(), "{form}{tail}");
        }
    }
}
