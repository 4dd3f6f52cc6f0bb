//! What is refused, and that nothing is left of it.

use super::*;

const CSV: (&str, &str) = ("column_separator", ",");

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_say_what_is_wrong() {
    let f = Fixture::plain("k int,n int not null").await;
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("format", "json")], "format: json is not supported by Stream Load yet"),
        (&[("strict_mode", "x")], "Invalid strict mode format. Must be bool type"),
        (&[("columns", "k")], "Column has no default value. column: n"),
        (&[("columns", "k, n, nosuch = k")], "Mapping column is not in table. column: nosuch"),
        (&[("columns", "k, n = nosuch + 1")], "nosuch"),
        (&[("columns", "k, n = nosuch(k)")], "nosuch"),
        (&[("where", "nosuch = 1")], "nosuch"),
        (&[("timezone", "Mars")], "Unknown or incorrect time zone: 'Mars'"),
        (&[("skip_header", "9")], "The parameter 'skip_header' is set to 9, but there are only 2 rows in the csv file"),
        (&[("compression", "gzip")], "the body is not complete gzip data"),
        (&[("label", "no such label")], "a label has 1 to 128 letters"),
    ];
    for (headers, part) in cases {
        let response = f.load(&[headers, &[CSV][..]].concat(), "1,2\n3,4\n").await;
        assert_eq!(response["Status"], "Fail", "{headers:?}");
        let message = response["Message"].as_str().unwrap();
        assert!(message.contains(part), "{headers:?}: {message}");
        assert_eq!(response["NumberLoadedRows"], 0);
    }
    f.assert_nothing_left("no such label").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_tables_can_be_loaded() {
    let f = Fixture::plain("k int").await;
    for (database, table, expected) in [
        ("nosuch", "t", "Unknown database 'nosuch'"),
        (
            "information_schema",
            "tables",
            "tables of information_schema show what the server knows and cannot be loaded (table: tables)",
        ),
        ("d", "nosuch", "Table 'd.nosuch' doesn't exist"),
        ("d", "v", "'v' is a view: only tables can be loaded"),
    ] {
        let load = HttpLoad {
            database: database.to_string(),
            table: table.to_string(),
            ..request(&[("label", "l")], stream::pending().boxed())
        };
        let response: Value = serde_json::from_str(&f.loader.run(load).await.to_json()).unwrap();
        assert_eq!(
            (&response["Message"], &response["TxnId"], &response["Label"]),
            (&expected.into(), &(-1).into(), &"l".into())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_bad_rows_fail_with_the_first_of_them() {
    let f = Fixture::plain("a int,b int").await;
    let headers = [("label", "l"), CSV, ("columns", "a, b, x")];
    let response = f.load(&headers, "1,2,3\n1,2\n1,2,3,4\n").await;
    assert_eq!(response["Status"], "Fail");
    let message = response["Message"].as_str().unwrap();
    assert!(
        message.starts_with("too many filtered rows: 2 of 3, max_filter_ratio is 0; record 2: Target column count: 3 "),
        "{message}"
    );
    assert!(message.ends_with("(fields_expected: a, b, x)"), "{message}");
    let numbers = ["NumberTotalRows", "NumberLoadedRows", "NumberFilteredRows"];
    assert_eq!(numbers.map(|n| response[n].as_u64().unwrap()), [3, 0, 2]);
    assert_eq!(f.error_log(&response).lines().count(), 2);
    f.assert_nothing_left("l").await;
    let snapshot = f.catalog.snapshot();
    let recorded = snapshot.loads().next_back().unwrap();
    assert!(recorded.error.as_ref().unwrap().starts_with("too many filtered rows"), "{recorded:?}");
    assert_eq!(recorded.tracking_url.as_deref(), response["ErrorURL"].as_str());
    // The label is free again.
    assert_eq!(f.load(&headers, "1,2,3\n").await["Status"], "Success");
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_loads_fail_unless_configured_otherwise() {
    let f = Fixture::plain("a int").await;
    for (headers, body) in
        [(&[][..], ""), (&[], "\n\n"), (&[("where", "a > 5")], "1\n"), (&[("skip_header", "1")], "h\n")]
    {
        let response = f.load(headers, body).await;
        let message = response["Message"].as_str().unwrap();
        assert!(message.starts_with("No rows were imported from upstream"), "{body:?}: {message}");
    }
    let settings = Settings { empty_is_error: false, ..settings() };
    let logs = ErrorLogs::new(f.folder.path().join("logs"));
    let loader = StreamLoader::new(Arc::new(CatalogFront::new(f.catalog.clone())), f.engine.clone(), settings, logs);
    let response = loader.run(request(&[("label", "empty")], stream::empty().boxed())).await;
    assert!(response.is_success(), "{}", response.to_json());
    let response = loader.run(request(&[("label", "empty")], stream::empty().boxed())).await;
    assert!(matches!(response.status, Status::LabelAlreadyExists { running: false, .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_bodies_leave_nothing() {
    let f = Fixture::plain("a int,b string").await;
    let rows = "1,x\n".repeat(300_000);
    let many = |last: &'static [u8]| {
        let rows = Bytes::from(rows.clone());
        stream::iter([Ok(rows), Ok(Bytes::from_static(last))])
    };
    let broken = Err(Error::new(base::ErrorKind::Unavailable, "the connection was closed"));
    type Headers = &'static [(&'static str, &'static str)];
    let cases: Vec<(Body, Headers, &str)> = vec![
        (many(b"").chain(stream::iter([broken])).boxed(), &[], "the connection was closed"),
        (broken_body("1,x\n2"), &[], "the connection was closed"),
        (many(b"\xff,\xfe\x00\n").boxed(), &[], "Invalid UTF-8 row"),
        (many(b"2,\"x\n3,y\n").boxed(), &[("enclose", "\"")], "is not closed before the end of the data"),
        (
            many(b"").chain(stream::repeat_with(|| Ok(Bytes::from_static(&[b'x'; 1 << 16])))).boxed(),
            &[],
            "record 300001 has no end",
        ),
        (many(b"").boxed(), &[("compression", "zstd")], "the body is not complete zstd data"),
    ];
    for (body, headers, part) in cases {
        let response = f.load_body(&[headers, &[CSV, ("label", "l")][..]].concat(), body).await;
        let message = response["Message"].as_str().unwrap();
        assert!(response["Status"] == "Fail" && message.contains(part), "{part}: {response}");
        f.assert_nothing_left("l").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_another_length_than_announced_fails() {
    let f = Fixture::plain("a int").await;
    let body = || stream::iter([Ok(Bytes::from_static(b"1\n2\n"))]).boxed();
    for announced in [3, 5] {
        let load = HttpLoad { content_length: Some(announced), ..request(&[("label", "l")], body()) };
        let response = f.loader.run(load).await.to_json();
        assert!(response.contains("receive body don't equal with body bytes"), "{response}");
        f.assert_nothing_left("l").await;
    }
    let load = HttpLoad { content_length: Some(2 << 30), ..request(&[], stream::pending().boxed()) };
    assert!(f.loader.run(load).await.to_json().contains("streaming_load_max_mb"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_client_is_given_up() {
    let f = Fixture::plain("a int").await;
    let silent = || stream::iter([Ok(Bytes::from_static(b"1\n"))]).chain(stream::pending()).boxed();
    let with = |settings| {
        let logs = ErrorLogs::new(f.folder.path().join("logs"));
        StreamLoader::new(Arc::new(CatalogFront::new(f.catalog.clone())), f.engine.clone(), settings, logs)
    };
    let stalling = with(Settings { stall: Duration::from_millis(20), ..settings() });
    let response = stalling.run(request(&[("label", "l")], silent())).await.to_json();
    assert!(response.contains("stream_load_stall_timeout_second"), "{response}");
    f.assert_nothing_left("l").await;
    let late = with(Settings { timeout: Duration::from_millis(20), ..settings() });
    let response = late.run(request(&[("label", "l")], silent())).await.to_json();
    assert!(response.contains("the load did not finish in time"), "{response}");
    f.assert_nothing_left("l").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_label_is_taken_even_when_its_caller_went_away() {
    let f = Fixture::plain("a int").await;
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes>>(1);
    let body = stream::unfold(receiver, |mut r| async move { r.recv().await.map(|chunk| (chunk, r)) }).boxed();
    let loader = f.loader.clone();
    let caller = tokio::spawn(async move { loader.run(request(&[("label", "l")], body)).await });
    sender.send(Ok(Bytes::from_static(b"1\n"))).await.unwrap();
    // A second chunk fits only once the first was taken: the load runs.
    sender.send(Ok(Bytes::from_static(b"2\n"))).await.unwrap();
    caller.abort();
    let response = f.load(&[("label", "l")], "3\n").await;
    assert_eq!(
        (&response["Status"], &response["ExistingJobStatus"]),
        (&"Label Already Exists".into(), &"RUNNING".into())
    );
    sender.send(Err(Error::new(base::ErrorKind::Unavailable, "gone"))).await.unwrap();
    let db = f.catalog.snapshot().database("d").unwrap().id;
    let freed = async {
        while f.catalog.label_state(db, "l").is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), freed).await.expect("the label is still taken");
    f.assert_nothing_left("l").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_dropped_meanwhile_fails_the_load() {
    let f = Fixture::plain("a int").await;
    let table = f.catalog.snapshot().table("d", "t").unwrap().meta.id;
    let catalog = f.catalog.clone();
    let drop_table = stream::once(async move {
        catalog.commit(move |draft| draft.apply(Change::DropTable(table))).await.unwrap();
        Ok(Bytes::from_static(b"2\n"))
    });
    let body = stream::iter([Ok(Bytes::from_static(b"1\n"))]).chain(drop_table).boxed();
    let response = f.load_body(&[("label", "l")], body).await;
    assert!(response["Message"].as_str().unwrap().contains("the table was dropped meanwhile"), "{response}");
    assert_eq!(response["NumberLoadedRows"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_load_can_be_cancelled() {
    let f = Fixture::plain("k int").await;
    let db = f.catalog.snapshot().database("d").unwrap().id;
    assert!(!f.front.cancel(db, "l"));
    let loader = f.loader.clone();
    // The first row comes, the rest never does.
    let body = stream::iter([Ok(Bytes::from("1\n"))]).chain(stream::pending()).boxed();
    let load = tokio::spawn(async move { loader.run(request(&[("label", "l")], body)).await.to_json() });
    while !f.front.cancel(db, "l") {
        tokio::task::yield_now().await;
    }
    let response: Value = serde_json::from_str(&load.await.unwrap()).unwrap();
    assert_eq!((response["Status"].as_str(), response["Message"].as_str()), (Some("Fail"), Some("user cancel")));
    f.assert_nothing_left("l").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_wait_for_the_memory_that_other_writers_have() {
    let f = Fixture::plain("k int").await;
    let memory = f.engine.write_memory().clone();
    let all = memory.reserve(memory.bytes()).await.unwrap();
    let response = f.load(&[("timeout", "1")], "1\n").await;
    assert!(response["Message"].as_str().unwrap().contains("too many loads"), "{response}");
    drop(all);
    assert_eq!(f.load(&[], "1\n").await["Status"], "Success");
}
