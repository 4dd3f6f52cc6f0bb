//! What is loaded.

use super::*;

const CSV: (&str, &str) = ("column_separator", ",");

#[tokio::test(flavor = "multi_thread")]
async fn the_crash_scenario() {
    let f = Fixture::plain("CRASH_DATE datetime,BOROUGH string,LATITUDE int,LOCATION string,COLLISION_ID int").await;
    let columns = "tmp_DATE, tmp_TIME, CRASH_DATE=str_to_date(concat_ws(' ', tmp_DATE, tmp_TIME), '%m/%d/%Y %H:%i'), \
        BOROUGH, LATITUDE, LOCATION, IGNORED, COLLISION_ID";
    let headers = [
        ("label", "crashdata-0"),
        CSV,
        ("skip_header", "1"),
        ("enclose", "\""),
        ("max_filter_ratio", "1"),
        ("columns", columns),
    ];
    let body = "DATE,TIME,BOROUGH,LATITUDE,LOCATION,IGNORED,ID\n\
        02/03/2014,8:00,QUEENS,40.6722269,\"(40.67, -74.01)\",x,1\n\
        02/03/2014,23:59,,,,\"R/O 1\n02/03/2014,0:00,X,40,\"(40.67, -74.01)\",x,2\n\
        02/04/2014,0:05,,,\"a \"\"b\"\"\",,3\n\
        bad,0:05,BRONX,x,,,4\n";
    let response = f.load(&headers, body).await;
    let numbers = ["NumberTotalRows", "NumberLoadedRows", "NumberFilteredRows", "NumberUnselectedRows", "LoadBytes"];
    let numbers: Vec<u64> = numbers.iter().map(|n| response[n].as_u64().unwrap()).collect();
    assert_eq!(numbers, [4, 3, 1, 0, body.len() as u64], "{response}");
    assert_eq!((&response["Status"], &response["Message"]), (&"Success".into(), &"OK".into()));
    assert!(
        f.error_log(&response).starts_with("Error: Target column count: 7 doesn't match source value column count: ")
    );
    assert_eq!(
        f.query("select * from t order by COLLISION_ID").await,
        [
            "2014-02-03T08:00:00|QUEENS|40|(40.67, -74.01)|1",
            "2014-02-04T00:05:00||NULL|a \"b\"|3",
            "NULL|BRONX|NULL||4",
        ]
    );
    let again = f.load(&headers, body).await;
    assert_eq!(again["Status"], "Label Already Exists");
    assert_eq!(again["ExistingJobStatus"], "FINISHED");
    assert_eq!(again["Message"], "Label [crashdata-0] has already been used.");
    assert_eq!(f.query("select count(*) from t").await, ["3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_blocks_give_every_row_once() {
    let f = Fixture::plain("k bigint,v string").await;
    let rows = 400_000;
    let body: String = (0..rows).map(|i| format!("{i},value {i}\n")).collect();
    let chunks: Vec<Result<Bytes>> = body.as_bytes().chunks(60_000).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
    let response = f.load_body(&[CSV], stream::iter(chunks).boxed()).await;
    assert_eq!(response["NumberLoadedRows"], rows, "{response}");
    let sum = rows as u64 * (rows as u64 - 1) / 2;
    let query =
        "select count(*), count(distinct k), sum(k), sum(case when v = concat('value ', k) then 1 else 0 end) from t";
    assert_eq!(f.query(query).await, [format!("{rows}|{rows}|{sum}|{rows}")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body() {
    use std::io::Write as _;
    let f = Fixture::plain("k int").await;
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(b"1\n2\n3").unwrap();
    let body = encoder.finish().unwrap();
    let response = f.load(&[("compression", "lz4_frame")], &body).await;
    assert_eq!((&response["NumberLoadedRows"], &response["LoadBytes"]), (&3.into(), &body.len().into()), "{response}");
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_mode_rejects_what_does_not_fit() {
    let body = "1,-999\nx,-998\n2,5\n3,\\N\n";
    let lenient = &["1|1", "2|NULL", "3|NULL", "NULL|2"][..];
    for (strict, rows) in [("false", lenient), ("true", &["1|1", "3|NULL"])] {
        let f = Fixture::plain("a int,c tinyint").await;
        let headers = [CSV, ("columns", "a, b, c = b + 1000"), ("strict_mode", strict), ("max_filter_ratio", "1")];
        let response = f.load(&headers, body).await;
        assert_eq!(response["NumberLoadedRows"], rows.len(), "{response}");
        assert_eq!(f.query("select * from t order by a is null, a").await, rows, "strict {strict}");
        if strict == "true" {
            let log = f.error_log(&response);
            let direct = "Error: The field (name = a, pos = 0) is out of range. Type: INT, Value length: 1, Value: x. Row: x,-998\n";
            assert!(log.starts_with(direct), "{log}");
            assert!(
                log.contains("Error: Value '1005") && log.contains("The type of 'c' is tinyint(4). Row: 2,5"),
                "{log}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_leave_for_the_first_thing_that_is_wrong() {
    let f = Fixture::plain("a int not null,b varchar(3)").await;
    let headers =
        [CSV, ("columns", "a, x, b = concat(x, '')"), ("where", "b != 'skip' or a = 1"), ("max_filter_ratio", "1")];
    let body = "1,ok\n,ok\n,skip\n2,long\n3\n4,\\N\n";
    let response = f.load(&headers, body).await;
    let numbers = ["NumberTotalRows", "NumberLoadedRows", "NumberFilteredRows", "NumberUnselectedRows"];
    // `,skip` and `4,\N` are not selected: NULL selects nothing.
    assert_eq!(numbers.map(|n| response[n].as_u64().unwrap()), [6, 1, 3, 2], "{response}");
    assert_eq!(f.query("select * from t").await, ["1|ok"]);
    let expected = "Error: NULL value in non-nullable column 'a'. Row: ,ok\n\
        Error: String 'long'(length: 4) is too long. The max length of 'b' is 3. Row: 2,long\n\
        Error: Target column count: 2 doesn't match source value column count: 1. Column separator: ',', Row delimiter: '\\n'. Row: 3\n";
    assert_eq!(f.error_log(&response), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filter_sees_temporaries_and_converted_columns() {
    let f = Fixture::plain("a int,b date").await;
    let headers = [CSV, ("columns", "a, tmp, b"), ("where", "a > 9 and tmp = 'y' and b >= '2024-01-01'")];
    let response = f.load(&headers, "10,y,20240102\n9,y,2024-01-02\n11,n,2024-01-02\n12,y,2023-12-31\n").await;
    assert_eq!(
        (&response["NumberLoadedRows"], &response["NumberUnselectedRows"]),
        (&1.into(), &3.into()),
        "{response}"
    );
    assert_eq!(f.query("select * from t").await, ["10|2024-01-02"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_are_not_named_get_their_default() {
    let f = Fixture::plain("a int,b int default 7,c datetime not null default now,d string").await;
    let response = f.load(&[("columns", "a"), ("timezone", "+08:00")], "1\n2").await;
    assert_eq!(response["Status"], "Success", "{response}");
    let rows = f.query("select * from t order by a").await;
    assert_eq!(rows, ["1|7|2024-02-01T08:00:00|NULL", "2|7|2024-02-01T08:00:00|NULL"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_outside_all_partitions_are_rejected() {
    let range = |lower: i128, upper: i128| Bounds::Range {
        lower: Some(catalog::Datum::Int(lower)),
        upper: Some(catalog::Datum::Int(upper)),
    };
    let partitions = vec![("p1", range(0, 10)), ("p2", range(10, 20))];
    let f = Fixture::new("a int", Partitioning::Range { column: ColumnId(1) }, partitions).await;
    let response = f.load(&[("max_filter_ratio", "0.5")], "1\n11\n21\n").await;
    assert_eq!((&response["NumberLoadedRows"], &response["NumberFilteredRows"]), (&2.into(), &1.into()), "{response}");
    let log = f.error_log(&response);
    assert_eq!(log, "Error: The row is out of partition ranges. Please add a new partition. Row: 21\n");
    let response = f.load(&[("max_filter_ratio", "1"), ("partitions", "p2")], "2\n12\n").await;
    assert_eq!((&response["NumberLoadedRows"], &response["NumberFilteredRows"]), (&1.into(), &1.into()), "{response}");
    assert_eq!(f.query("select * from t order by a").await, ["1", "11", "12"]);
    let response = f.load(&[("partitions", "p3")], "2\n").await;
    assert_eq!(response["Message"], "Unknown partition 'p3' in table 't'");
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_appear_with_their_rows() {
    let partitioning = Partitioning::DateTrunc { column: ColumnId(1), unit: catalog::TimeUnit::Day };
    let f = Fixture::new("at datetime,n int", partitioning, vec![]).await;
    let response = f.load(&[CSV], "2024-01-01 10:00:00,1\n2024-01-02,2\n2024-01-01,3\n").await;
    assert_eq!(response["Status"], "Success", "{response}");
    let snapshot = f.catalog.snapshot();
    let names: Vec<&str> =
        snapshot.table("d", "t").unwrap().partitions.values().map(|p| p.meta.name.as_str()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(f.query("select n from t order by n").await, ["1", "2", "3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_rows_can_be_written_to_a_file() {
    let f = Fixture::plain("a int,b int").await;
    let headers = [CSV, ("log_rejected_record_num", "-1"), ("max_filter_ratio", "1"), ("load_dop", "1")];
    let body = "1,2\n".to_string() + &"bad\n".repeat(100);
    let response = f.load(&headers, body).await;
    let text = std::fs::read_to_string(response["RejectedRecordPath"].as_str().unwrap()).unwrap();
    assert_eq!(text.lines().count(), 100);
    assert!(text.lines().all(|l| l.starts_with("Target column count: 2 ") && l.ends_with("\tbad")), "{text}");
    assert!(response["RejectedRecordPath"].as_str().unwrap().starts_with(f.folder.path().to_str().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_without_effect_leave_a_warning() {
    let f = Fixture::plain("a int").await;
    let response = f.load(&[("strip_outer_array", "true")], "1\n").await;
    assert_eq!(response["Message"], "OK");
    assert_eq!(response["Warnings"][0], "the header strip_outer_array has no effect: it needs the format json");
    assert!(f.load(&[], "1\n").await.get("Warnings").is_none());
    let response = f.load(&[], "1\r\n2\r\n").await;
    assert_eq!(
        (&response["NumberLoadedRows"], f.query("select count(a) from t").await),
        (&2.into(), vec!["4".to_string()])
    );
    assert!(response["Warnings"][0].as_str().unwrap().contains("set row_delimiter to \\r\\n"), "{response}");
    assert!(f.load(&[("row_delimiter", "\\r\\n")], "1\r\n").await.get("Warnings").is_none());
}
