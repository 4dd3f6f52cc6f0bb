//! What a real client sees: logins, typed rows in both protocols, parameters, several statements, large packets.

use super::fake::Server;
use mysql_async::consts::ColumnType;
use mysql_async::prelude::Queryable;
use mysql_async::{ChangeUserOpts, Conn, Error, Params, Row, ServerError, Value};

pub(super) fn server_error<T: std::fmt::Debug>(result: mysql_async::Result<T>) -> ServerError {
    match result.unwrap_err() {
        Error::Server(error) => error,
        other => panic!("not an error of the server: {other}"),
    }
}

fn text(row: &Row, column: usize) -> Option<String> {
    match row.as_ref(column).unwrap() {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        other => panic!("not text: {other:?}"),
    }
}

#[tokio::test]
async fn text_rows_have_every_type() {
    let server = Server::start().await;
    let mut conn = server.connect().await;
    let rows: Vec<Row> = conn.query("types").await.unwrap();
    let values: Vec<Option<String>> = (0..rows[0].len()).map(|i| text(&rows[0], i)).collect();
    let expected = [
        "1",
        "-8",
        "-16",
        "-32",
        "-9223372036854775808",
        "18446744073709551615",
        "-10000000000000000000000000000000000000",
        "0.5",
        "32",
        "-1.50",
        "2014-02-03",
        "2014-02-03 08:00:00.000001",
        "é'\\",
        "\0\u{FFFD}",
        "{\"a\": 1}",
        "[1,null]",
    ];
    assert_eq!(values[..expected.len()], expected.map(|v| Some(v.to_string())));
    assert_eq!(values[expected.len()..], [None]);
    assert!((0..rows[1].len()).all(|i| rows[1].as_ref(i) == Some(&Value::NULL)));
}

#[tokio::test]
async fn binary_rows_have_every_type() {
    let server = Server::start().await;
    let mut conn = server.connect().await;
    let rows: Vec<Row> = conn.exec("types", ()).await.unwrap();
    let bytes = |text: &[u8]| Value::Bytes(text.to_vec());
    let expected = [
        Value::Int(1),
        Value::Int(-8),
        Value::Int(-16),
        Value::Int(-32),
        Value::Int(i64::MIN),
        Value::UInt(u64::MAX),
        bytes(b"-10000000000000000000000000000000000000"),
        Value::Float(0.5),
        Value::Double(32.0),
        bytes(b"-1.50"),
        Value::Date(2014, 2, 3, 0, 0, 0, 0),
        Value::Date(2014, 2, 3, 8, 0, 0, 1),
        bytes("é'\\".as_bytes()),
        bytes(b"\0\xFF"),
        bytes(b"{\"a\": 1}"),
        bytes(b"[1,null]"),
        Value::NULL,
    ];
    assert_eq!(rows[0].clone().unwrap(), expected);
    assert!(rows[1].clone().unwrap().iter().all(|v| *v == Value::NULL));
    let types: Vec<ColumnType> = rows[0].columns_ref().iter().map(|c| c.column_type()).collect();
    assert_eq!(types[0], ColumnType::MYSQL_TYPE_TINY);
    assert_eq!(types[6], ColumnType::MYSQL_TYPE_STRING);
}

#[tokio::test]
async fn columns_are_told_when_a_statement_is_prepared() {
    let server = Server::start().await;
    let mut conn = server.connect().await;
    let cases = [("select ?", 1, 1), ("limit ?", 1, 2), ("any ?, ?", 2, 0), ("change", 0, 0), ("types", 0, 17)];
    for (sql, parameters, columns) in cases {
        let statement = conn.prep(sql).await.unwrap();
        assert_eq!((usize::from(statement.num_params()), statement.columns().len()), (parameters, columns), "{sql}");
        conn.close(statement).await.unwrap();
    }
    for (sql, code) in [("unpreparable", 1295), ("fail ?", 1146), ("select 1; select 2", 1064), ("any", 1064)] {
        assert_eq!(server_error(conn.prep(sql).await).code, code, "{sql}");
    }
}

#[tokio::test]
async fn parameters_become_literals() {
    let server = Server::start().await;
    let mut conn = server.connect().await;
    let cases: Vec<(Value, &str)> = vec![
        (Value::NULL, "NULL"),
        (Value::Int(-5), "-5"),
        (Value::UInt(u64::MAX), "18446744073709551615"),
        (Value::Double(10.0), "10"),
        (Value::Double(0.1), "1e-1"),
        (Value::Bytes(b"it's a \\ test".to_vec()), r"'it''s a \\ test'"),
        (Value::Bytes(vec![0xFF, 0x00]), "x'ff00'"),
        (Value::Date(2014, 2, 3, 8, 0, 0, 5), "'2014-02-03 08:00:00.000005'"),
        (Value::Time(true, 1, 2, 3, 4, 0), "'-26:03:04'"),
    ];
    for (value, literal) in cases {
        let row: Option<String> = conn.exec_first("select ?, '?' -- ?", (value,)).await.unwrap();
        assert_eq!(row.unwrap(), format!("select {literal}, '?' -- ?"));
    }
    let found: Option<String> = conn.exec_first("select ?", (&b"x".repeat(20_000_000)[..],)).await.unwrap();
    assert_eq!(found.unwrap().len(), "select ''".len() + 20_000_000);
}

#[tokio::test]
async fn several_statements_have_several_results() {
    let server = Server::start().await;
    let mut conn = server.connect().await;
    let mut results = conn.query_iter("select 1; change; rows 2;").await.unwrap();
    assert_eq!(results.collect::<String>().await.unwrap(), ["select 1"]);
    assert_eq!(results.affected_rows(), 300);
    assert!(results.collect::<String>().await.unwrap().is_empty());
    assert_eq!(results.collect::<i64>().await.unwrap(), [0, 1]);
    drop(results);
    let mut results = conn.query_iter("select 1; fail; select 2").await.unwrap();
    assert_eq!(results.collect::<String>().await.unwrap(), ["select 1"]);
    assert_eq!(server_error(results.collect::<String>().await).code, 1146);
    drop(results);
    assert_eq!(conn.query_first::<String, _>("select 3").await.unwrap().unwrap(), "select 3");
    assert_eq!(server_error(conn.query_drop(" ; -- nothing\n").await).code, 1065);
}

#[tokio::test]
async fn done_tells_rows_id_text_and_warnings() {
    let server = Server::start().await;
    let mut conn = server.connect().await;
    conn.query_drop("change").await.unwrap();
    assert_eq!((conn.affected_rows(), conn.last_insert_id(), conn.get_warnings()), (300, Some(7), 1));
    assert_eq!(conn.info(), "Records: 3  Duplicates: 0  Warnings: 1");
    conn.query_drop("rows 1").await.unwrap();
    assert_eq!(conn.get_warnings(), 2);
}

#[tokio::test]
async fn errors_have_code_and_state_and_leave_the_connection() {
    let server = Server::start().await;
    let mut conn = server.connect().await;
    let error = server_error(conn.query_drop("fail").await);
    assert_eq!((error.code, error.state.as_str(), error.message.as_str()), (1146, "42S02", "Unknown table 'nope'"));
    let error = server_error(conn.query::<i64, _>("stream fail").await);
    assert_eq!((error.code, error.message.as_str()), (1366, "the second row is bad"));
    conn.ping().await.unwrap();
}

#[tokio::test]
async fn results_longer_than_a_batch_arrive_in_order() {
    let server = Server::start().await;
    let mut conn = server.connect().await;
    for count in [0, 1, 8192, 20_000] {
        let rows: Vec<i64> = conn.query(format!("rows {count}")).await.unwrap();
        assert!(rows.iter().copied().eq(0..count), "{count}");
        let rows: Vec<i64> = conn.exec(format!("rows {count}"), Params::Empty).await.unwrap();
        assert!(rows.iter().copied().eq(0..count), "{count}");
    }
}

#[tokio::test]
async fn large_values_are_split_both_ways() {
    let server = Server::start().await;
    let mut conn = server.connect().await;
    // A row's payload is the value and four bytes of length: the second one fills a packet exactly.
    for size in [0xFF_FFFF - 5, 0xFF_FFFF - 4, 0xFF_FFFF, 40_000_000] {
        let row: Option<String> = conn.query_first(format!("bytes {size}")).await.unwrap();
        assert_eq!(row.unwrap().len(), size);
        // COM_QUERY's payload is one byte longer than the text.
        let sql = format!("select '{}'", "y".repeat(size - 10));
        let row: Option<String> = conn.query_first(&sql).await.unwrap();
        assert!(row.unwrap() == sql, "{size}");
    }
}

#[tokio::test]
async fn logins() {
    let server = Server::start().await;
    let error = server_error(Conn::new(server.options().pass(Some("wrong"))).await);
    assert_eq!((error.code, error.state.as_str()), (1045, "28000"));
    assert_eq!(error.message, "Access denied for user 't'@'127.0.0.1' (using password: YES)");
    let error = server_error(Conn::new(server.options().user(Some("who")).pass(None::<String>)).await);
    assert_eq!(error.message, "Access denied for user 'who'@'127.0.0.1' (using password: NO)");
    let error = server_error(Conn::new(server.options().user(Some("locked"))).await);
    assert_eq!((error.code, error.message.as_str()), (1227, "the account is locked"));
    let error = server_error(Conn::new(server.options().db_name(Some("nosuch"))).await);
    assert_eq!((error.code, error.message.as_str()), (1049, "Unknown database 'nosuch'"));

    let options = server.options().db_name(Some("default_catalog.demo"));
    let mut conn = Conn::new(options.connect_attribute("program_name", "tests")).await.unwrap();
    let database: Option<String> = conn.query_first("database").await.unwrap();
    assert_eq!(database.unwrap(), "default_catalog.demo");
    assert_eq!(conn.server_version(), (8, 0, 33));
    let process = server.fake.processes.snapshot().remove(0);
    assert_eq!((process.id, process.user.as_str(), process.command), (conn.id(), "t", "Sleep"));
    let login = server.fake.logins.lock().last().cloned().unwrap();
    assert_eq!(login.attributes.get("program_name").map(String::as_str), Some("tests"));
    let mut conn = Conn::new(server.options().user(Some("nopw")).pass(None::<String>)).await.unwrap();
    conn.ping().await.unwrap();
}

#[tokio::test]
async fn change_user_logs_in_anew() {
    let server = Server::start().await;
    let mut conn = Conn::new(server.options().db_name(Some("demo"))).await.unwrap();
    conn.query_drop("begin").await.unwrap();
    let options = ChangeUserOpts::new().with_user(Some("nopw".to_string())).with_pass(None::<String>);
    conn.change_user(options.with_db_name(Some("other".to_string()))).await.unwrap();
    assert_eq!(server.fake.processes.snapshot()[0].user, "nopw");
    let database: Option<String> = conn.query_first("database").await.unwrap();
    assert_eq!(database.unwrap(), "other");

    let options = ChangeUserOpts::new().with_user(Some("t".to_string())).with_pass(Some("wrong".to_string()));
    assert_eq!(server_error(conn.change_user(options).await).code, 1045);
    assert!(conn.ping().await.is_err(), "a failed change of user ends the connection");
}

#[tokio::test]
async fn a_reset_keeps_user_and_database() {
    let server = Server::start().await;
    let mut conn = Conn::new(server.options().db_name(Some("demo"))).await.unwrap();
    conn.query_drop("begin").await.unwrap();
    let statement = conn.prep("select ?").await.unwrap();
    assert!(conn.reset().await.unwrap());
    let database: Option<String> = conn.query_first("database").await.unwrap();
    assert_eq!(database.unwrap(), "demo");
    assert_eq!(server_error(conn.exec_drop(&statement, (1,)).await).code, 1243);
}

#[tokio::test]
async fn wishes_of_the_client_reach_the_session() {
    let server = Server::start().await;
    for wanted in [false, true] {
        let _conn = Conn::new(server.options().client_found_rows(wanted)).await.unwrap();
        assert_eq!(server.fake.logins.lock().last().unwrap().found_rows, wanted);
    }
}
