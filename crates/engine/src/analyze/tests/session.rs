//! Functions and variables of the session.

use datafusion::scalar::ScalarValue;

use super::fixture::check_in;
use super::{Session, check};

#[test]
fn session_functions_are_constants_with_their_labels() {
    check(&[
        (
            "select VERSION(), version() v, current_version()",
            "VERSION(),v,current_version() | 8.0.33,8.0.33,0.1.0 abcdef1",
        ),
        ("select DATABASE(), USER() limit 1", "DATABASE(),USER() | db,root@10.0.0.1"),
        ("select SCHEMA(), CATALOG(), CONNECTION_ID()", "SCHEMA(),CATALOG(),CONNECTION_ID() | db,default_catalog,7"),
        ("select current_user(), session_user()", "current_user(),session_user() | 'root'@'%',root@10.0.0.1"),
        (
            "select LAST_INSERT_ID(), FOUND_ROWS(), ROW_COUNT(), last_query_id()",
            "LAST_INSERT_ID(),FOUND_ROWS(),ROW_COUNT(),last_query_id() | 0,3,-1,q-1",
        ),
        ("select current_role(), current_timezone()", "current_role(),current_timezone() | NONE,UTC"),
        (
            "select now(), now(3), current_timestamp, localtime(6)",
            "now(),now(3),current_timestamp,localtime(6) | 2024-01-31T10:30:00,2024-01-31T10:30:00.123,2024-01-31T10:30:00,2024-01-31T10:30:00.123456",
        ),
        (
            "select curdate(), current_date, utc_date(), curtime()",
            "curdate(),current_date,utc_date(),curtime() | 2024-01-31,2024-01-31,2024-01-31,10:30:00",
        ),
        ("select unix_timestamp(), now() = current_timestamp() x", "unix_timestamp(),x | 1706697000,true"),
        ("select now(9)", "error Invalid: the precision of now is a number from 0 to 6"),
        (
            "select now() + interval 1 day x, date(now()) y, now() - interval 1 hour > '2024-01-31' z",
            "x,y,z | 2024-02-01T10:30:00,2024-01-31,true",
        ),
        ("select Id from t where d = curdate()", "Id | 1"),
    ]);
}

#[test]
fn clocks_follow_the_time_zone() {
    check_in(
        &Session::with("time_zone", "+08:00"),
        &[
            (
                "select now() a, curtime() b, utc_timestamp() c",
                "a,b,c | 2024-01-31T18:30:00,18:30:00,2024-01-31T10:30:00",
            ),
            ("select @@time_zone, current_timezone() z", "@@time_zone,z | +08:00,+08:00"),
        ],
    );
    check_in(&Session::with("time_zone", "Asia/Kolkata"), &[("select now() a", "a | 2024-01-31T16:00:00")]);
    check_in(
        &Session::with("time_zone", "Nowhere"),
        &[("select now() a", "error WrongValue: Unknown or incorrect time zone: 'Nowhere'")],
    );
}

#[test]
fn variables_have_types() {
    let mut session = Session::new();
    session.user_variables.insert("x".to_string(), ScalarValue::Int64(Some(5)));
    session.user_variables.insert("when".to_string(), ScalarValue::Date32(Some(19_753)));
    session.user_variables.insert("s".to_string(), ScalarValue::from("it's"));
    session.user_variables.insert("f".to_string(), ScalarValue::Float64(Some(0.1)));
    check_in(
        &session,
        &[
            ("select @@version_comment limit 1", "@@version_comment | Viewmill"),
            (
                "select @@autocommit, @@session.wait_timeout, @@global.sql_safe_updates",
                "@@autocommit,@@session.wait_timeout,@@global.sql_safe_updates | 1,28800,0",
            ),
            (
                "select @@SQL_MODE = 'x' a, @@wait_timeout + 1 b, concat(@@sql_mode, ',X') c",
                "a,b,c | false,28801,ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,X",
            ),
            ("select @x, @X + 1 y, @missing z, @s, @f", "@x,y,z,@s,@f | 5,6,NULL,it's,0.1"),
            ("select Id from t where d = @when", "Id | 1"),
            ("select @@max_join_size", "@@max_join_size | 18446744073709551615"),
        ],
    );
}

#[test]
fn connector_j_reads_nineteen_variables_at_once() {
    let variables = [
        "session.auto_increment_increment",
        "character_set_client",
        "character_set_connection",
        "character_set_results",
        "character_set_server",
        "collation_server",
        "collation_connection",
        "init_connect",
        "interactive_timeout",
        "license",
        "lower_case_table_names",
        "max_allowed_packet",
        "net_write_timeout",
        "performance_schema",
        "sql_mode",
        "system_time_zone",
        "time_zone",
        "transaction_isolation",
        "wait_timeout",
    ];
    let items: Vec<String> =
        variables.iter().map(|name| format!("@@{name} AS {}", name.trim_start_matches("session."))).collect();
    let sql = format!("/* mysql-connector-j-8.0.33 */SELECT  {}", items.join(", "));
    let answer = Session::new().ask(&sql);
    let (labels, row) = answer.split_once(" | ").unwrap();
    assert_eq!(labels.split(',').count(), 19, "{answer}");
    assert!(labels.starts_with("auto_increment_increment,character_set_client"), "{answer}");
    assert!(row.starts_with("1,utf8mb4,utf8mb4"), "{answer}");
}
