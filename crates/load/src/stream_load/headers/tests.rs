//! One case a header and rule.

use super::*;

fn read(headers: &[(&str, &str)]) -> Result<StreamLoadRequest> {
    StreamLoadRequest::read(headers.iter().map(|(n, v)| (*n, v.as_bytes())))
}

#[test]
fn no_headers_mean_starrocks_defaults() {
    let expected = StreamLoadRequest {
        label: None,
        dialect: Dialect::new(DialectOptions::default()).unwrap(),
        skip_header: 0,
        compression: None,
        columns: None,
        filter: None,
        max_filter_ratio: 0.0,
        timeout: None,
        strict: false,
        timezone: None,
        memory_bytes_max: None,
        partitions: Vec::new(),
        rejected: Rejected::None,
        parallelism: None,
        warnings: Vec::new(),
    };
    assert_eq!(read(&[("Host", "x"), ("Expect", "100-continue"), ("label", ""), ("x-y", "z")]).unwrap(), expected);
}

#[test]
fn every_header_is_honoured() {
    let request = read(&[
        ("Label", "l-1"),
        ("FORMAT", "CSV"),
        ("columns", "a, b = a"),
        ("where", "a > 1"),
        ("max_filter_ratio", "0.2"),
        ("timeout", "100"),
        ("strict_mode", "TRUE"),
        ("timezone", "Asia/Shanghai"),
        ("load_mem_limit", "2147483648"),
        ("partitions", "p1, `p2`"),
        ("log_rejected_record_num", "5"),
        ("compression", "LZ4_FRAME"),
        ("load_dop", "3"),
        ("warehouse", "default_warehouse"),
        ("column_separator", "\\x01"),
        ("row_delimiter", "\\\\x0D0A"),
        ("skip_header", "2"),
        ("enclose", "\""),
        ("escape", "\\"),
        ("trim_space", "true"),
        ("negative", "false"),
        ("partial_update", "false"),
        ("enable_merge_commit", "False"),
    ])
    .unwrap();
    let dialect = DialectOptions {
        separator: vec![1],
        row_delimiter: b"\r\n".to_vec(),
        enclose: Some(b'"'),
        escape: Some(b'\\'),
        trim_space: true,
    };
    let expected = StreamLoadRequest {
        label: Some("l-1".to_string()),
        dialect: Dialect::new(dialect).unwrap(),
        skip_header: 2,
        compression: Some(Compression::Lz4Frame),
        columns: Some("a, b = a".to_string()),
        filter: Some("a > 1".to_string()),
        max_filter_ratio: 0.2,
        timeout: Some(Duration::from_secs(100)),
        strict: true,
        timezone: Some("Asia/Shanghai".to_string()),
        memory_bytes_max: Some(2 << 30),
        partitions: vec!["p1".to_string(), "p2".to_string()],
        rejected: Rejected::UpTo(5),
        parallelism: Some(3),
        warnings: Vec::new(),
    };
    assert_eq!(request, expected);
}

#[test]
fn wrong_and_unsupported_values_are_refused() {
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("label", "a b")], "a label has 1 to 128 letters"),
        (&[("format", "parquet")], "unknown data format, format=parquet"),
        (&[("format", "json")], "format: json is not supported by Stream Load yet"),
        (&[("strict_mode", "yes")], "Invalid strict mode format. Must be bool type"),
        (&[("timeout", "x")], "Invalid timeout format"),
        (&[("timeout", "0")], "timeout must be from 1 to 259200"),
        (&[("timeout", "259201")], "timeout must be from 1 to 259200"),
        (&[("max_filter_ratio", "x")], "max_filter_ratio must be a number"),
        (&[("max_filter_ratio", "-0.1")], "max_filter_ratio must be a number"),
        (&[("max_filter_ratio", "1.1")], "max_filter_ratio must be a number"),
        (&[("column_separator", "")], "column_separator is empty; write a tab as \\t and a space as \\x20"),
        (&[("max_filter_ratio", "nan")], "max_filter_ratio must be a number"),
        (&[("load_mem_limit", "-1")], "load_mem_limit must be a number of bytes"),
        (&[("load_mem_limit", "1000")], "at least 33554432 bytes"),
        (&[("exec_mem_limit", "0")], "exec_mem_limit must be above 0"),
        (&[("log_rejected_record_num", "-2")], "log_rejected_record_num must be -1 for all"),
        (
            &[("partitions", "p"), ("temporary_partitions", "q")],
            "Can not specify both partitions and temporary partitions",
        ),
        (&[("temporary_partitions", "q")], "temporary_partitions is not supported"),
        (&[("partial_update", "true")], "partial_update is not supported"),
        (&[("merge_condition", "v")], "merge_condition is not supported"),
        (&[("negative", "true")], "negative is not supported"),
        (&[("enable_merge_commit", "true")], "enable_merge_commit is not supported"),
        (
            &[("enable_merge_commit", "x")],
            "Invalid parameter enable_merge_commit. The value must be bool type, but is x",
        ),
        (
            &[("compression", "gzip"), ("Content-Encoding", "gzip")],
            "Only one of http header content-encoding and compression can be set",
        ),
        (&[("compression", "snappy")], "unknown compression"),
        (&[("format", "gzip"), ("compression", "zstd")], "different codecs"),
        (&[("warehouse", "w")], "only the warehouse default_warehouse"),
        (&[("skip_header", "-1")], "skip_header must be a whole number"),
        (&[("trim_space", "1")], "Invalid trim_space format"),
        (&[("column_separator", "\\x1")], "pairs of hexadecimal digits"),
        (&[("column_separator", &"x".repeat(51))], "1 to 50 bytes"),
        (&[("enclose", "\""), ("escape", "\"")], "must differ"),
        (&[("columns", "a"), ("Columns", "b")], "given twice"),
        (&[("load_dop", "x")], "load_dop must be"),
    ];
    for (headers, part) in cases {
        let error = read(headers).unwrap_err().to_string();
        assert!(error.contains(part), "{headers:?}: {error}");
    }
    let error = StreamLoadRequest::read([("columns", &b"\xff"[..])]).unwrap_err().to_string();
    assert!(error.contains("not UTF-8"), "{error}");
    assert!(StreamLoadRequest::read([("x-name", &b"\xff"[..])]).is_ok());
}

#[test]
fn codecs_have_three_ways_in() {
    type Headers = &'static [(&'static str, &'static str)];
    let cases: &[(Headers, Option<Compression>)] = &[
        (&[("format", "gzip")], Some(Compression::Gzip)),
        (&[("format", "LZ4")], Some(Compression::Lz4Frame)),
        (&[("compression", "bzip2")], Some(Compression::Bzip2)),
        (&[("Content-Encoding", "zstd")], Some(Compression::Zstd)),
        (&[("Content-Encoding", "identity")], None),
        (&[("compression", "Deflate"), ("format", "csv")], Some(Compression::Deflate)),
    ];
    for (headers, expected) in cases {
        assert_eq!(read(headers).unwrap().compression, *expected, "{headers:?}");
    }
}

#[test]
fn headers_without_effect_are_answered_with_warnings() {
    let request =
        read(&[("strip_outer_array", "true"), ("transmission_compression_type", "LZ4"), ("enclose", "''")]).unwrap();
    assert_eq!(
        request.warnings,
        [
            "only the first character of the header enclose is used",
            "the header transmission_compression_type has no effect: rows do not travel between machines during a load",
            "the header strip_outer_array has no effect: it needs the format json",
        ]
    );
}

#[test]
fn misspelt_parameters_warn_and_http_does_not() {
    let headers = [
        ("column_seperator", ","),
        ("max-filter-ratio", "1"),
        ("bogus_header", "1"),
        ("accept", "*/*"),
        ("user-agent", "curl/8"),
        ("expect", "100-continue"),
        ("authorization", "Basic x"),
        ("content-length", "5"),
        ("host", "h"),
    ];
    assert_eq!(
        read(&headers).unwrap().warnings,
        [
            "the header bogus_header is unknown and was ignored",
            "the header column_seperator is unknown and was ignored, did you mean column_separator?",
            "the header max-filter-ratio is unknown and was ignored, did you mean max_filter_ratio?",
        ]
    );
}
