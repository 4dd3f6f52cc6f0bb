//! What becomes of a field, by type and mode.

use super::*;
use catalog::SqlType;

/// One field of each type in non-strict mode: its value, or `None` for NULL; in strict mode a NULL that was not `\N`
/// rejects the row.
#[test]
fn fields_become_values_null_or_rejections() {
    let decimal = SqlType::Decimal { precision: 5, scale: 2 };
    let cases: &[(SqlType, &str, Option<&str>)] = &[
        (SqlType::Boolean, "true", Some("true")),
        (SqlType::Boolean, "0", Some("false")),
        (SqlType::Boolean, "maybe", None),
        (SqlType::TinyInt, "127", Some("127")),
        (SqlType::TinyInt, "128", None),
        (SqlType::SmallInt, "-32768.9", Some("-32768")),
        (SqlType::SmallInt, "40000", None),
        (SqlType::Int, "40.6722269", Some("40")),
        (SqlType::Int, "1e3", Some("1000")),
        (SqlType::Int, "", None),
        (SqlType::Int, "abc", None),
        (SqlType::Int, "2147483648", None),
        (SqlType::BigInt, "9223372036854775807", Some("9223372036854775807")),
        (SqlType::BigInt, "9223372036854775808", None),
        (SqlType::LargeInt, "12345678901234567890123", Some("12345678901234567890123")),
        (SqlType::Float, "1.5", Some("1.5")),
        (SqlType::Double, "-2.5e1", Some("-25.0")),
        (SqlType::Double, "x", None),
        (decimal, "1.255", Some("1.26")),
        (decimal, "1000", None),
        (SqlType::Date, "2014-01-31", Some("2014-01-31")),
        (SqlType::Date, "20140131", Some("2014-01-31")),
        (SqlType::Date, "2014-02-31", None),
        (SqlType::DateTime, "2014-01-01T00:51:00", Some("2014-01-01T00:51:00")),
        (SqlType::DateTime, "2014-01-01", Some("2014-01-01T00:00:00")),
        (SqlType::DateTime, "", None),
        (SqlType::Varchar(3), "", Some("")),
        (SqlType::Varchar(3), "abc", Some("abc")),
        (SqlType::Varchar(3), "éé", None),
        (SqlType::Char(3), "abcd", None),
        (SqlType::Json, "{\"a\": [1]}", Some("{\"a\": [1]}")),
        (SqlType::Json, "{", None),
        (SqlType::Varbinary(2), "ab", Some("6162")),
        (SqlType::Varbinary(2), "abc", None),
    ];
    let d = dialect("|", "\n", "", "", false);
    for (ty, field, expected) in cases {
        let body = format!("{field}|k\n\\N|null\n");
        for strict in [false, true] {
            let kind = SourceKind::Direct(*ty);
            let columns = vec![
                SourceColumn { name: "c".to_string(), field: 0, kind },
                SourceColumn { name: "k".to_string(), field: 1, kind: SourceKind::Text },
            ];
            let parser = Parser::new(d.clone(), 2, columns, strict);
            let outcome = load_whole(&parser, &d, &body);
            let row = |value: Option<&str>, key: &str| vec![value.map(str::to_string), Some(key.to_string())];
            let mut rows = vec![(1, row(*expected, "k")), (2, row(None, "null"))];
            if strict && expected.is_none() {
                rows.remove(0);
                assert_eq!(outcome.errors.len(), 1, "{ty} {field:?}");
            } else {
                assert!(outcome.errors.is_empty(), "{ty} {field:?} {:?}", outcome.errors);
            }
            assert_eq!(outcome.rows, rows, "{ty} {field:?} strict {strict}");
            assert_eq!(outcome.total, 2);
        }
    }
}

#[test]
fn a_rejection_names_column_position_type_and_value() {
    let d = dialect(",", "\n", "", "", false);
    let columns = vec![
        SourceColumn { name: "amount".to_string(), field: 2, kind: SourceKind::Direct(SqlType::Int) },
        SourceColumn { name: "name".to_string(), field: 1, kind: SourceKind::Direct(SqlType::Varchar(3)) },
    ];
    let parser = Parser::new(d.clone(), 3, columns, true);
    let outcome = load_whole(&parser, &d, "1,abc,12x\n2,abcd,5\n");
    let int = "Error: The field (name = amount, pos = 2) is out of range. Type: INT, Value length: 3, Value: 12x. Row: 1,abc,12x";
    let text = "Error: The field (name = name, pos = 1) is out of range. Type: VARCHAR(3), Value length: 4, Value: abcd. Row: 2,abcd,5";
    assert_eq!(outcome.errors, [int, text]);
    assert_eq!(outcome.rows, []);
}

#[test]
fn a_row_is_rejected_once_and_other_rows_stay_aligned() {
    let d = dialect(",", "\n", "", "", false);
    let column = |name: &str, field, kind| SourceColumn { name: name.to_string(), field, kind };
    let columns = vec![
        column("a", 0, SourceKind::Direct(SqlType::Int)),
        column("b", 1, SourceKind::Direct(SqlType::Date)),
        column("a_text", 0, SourceKind::Text),
    ];
    let parser = Parser::new(d.clone(), 2, columns, true);
    let body: String =
        (0..3000).map(|i| if i % 7 == 0 { "x,y\n".to_string() } else { format!("{i},2014-01-01\n") }).collect();
    let outcome = load_whole(&parser, &d, &body);
    assert_eq!(outcome.total, 3000);
    let expected: Vec<_> = (0..3000u64)
        .filter(|i| i % 7 != 0)
        .map(|i| (i + 1, vec![Some(i.to_string()), Some("2014-01-01".to_string()), Some(i.to_string())]))
        .collect();
    assert_eq!(outcome.rows, expected);
}

#[test]
fn rows_survive_when_no_column_is_read() {
    let d = dialect(",", "\n", "", "", false);
    let parser = Parser::new(d.clone(), 2, Vec::new(), false);
    assert_eq!(load_whole(&parser, &d, "a,b\nc\nd,e\n").rows.len(), 2);
}
