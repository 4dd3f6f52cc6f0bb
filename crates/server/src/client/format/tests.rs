use super::*;

fn column(name: &str, kind: ColumnKind) -> Column {
    Column { name: name.to_string(), kind }
}

fn print(format: Format, columns: &[(&str, ColumnKind)], rows: &[&[Option<&str>]]) -> String {
    let (mut out, mut writer) = (Vec::new(), format.writer());
    writer.begin(&mut out, columns.iter().map(|(n, k)| column(n, *k)).collect()).unwrap();
    for row in rows {
        let cells: Vec<Cell<'_>> = row.iter().map(|c| c.map(str::as_bytes)).collect();
        writer.row(&mut out, &cells).unwrap();
    }
    let elapsed = Duration::from_millis(1_234);
    writer.end(&mut out, &Summary { rows: rows.len() as u64, warnings: 0, elapsed }).unwrap();
    String::from_utf8(out).unwrap()
}

const NAME_AND_NUMBER: &[(&str, ColumnKind)] = &[("name", ColumnKind::Text), ("n", ColumnKind::Number)];

#[test]
fn table_aligns_text_left_and_numbers_right() {
    let rows: &[&[Option<&str>]] = &[&[Some("a"), Some("1")], &[None, Some("-12.5")], &[Some("日本\n"), None]];
    let expected = "\
+--------+-------+
| name   |     n |
+--------+-------+
| a      |     1 |
| NULL   | -12.5 |
| 日本\\n |  NULL |
+--------+-------+
3 rows (1.23 s)

";
    assert_eq!(print(Format::Table, NAME_AND_NUMBER, rows), expected);
}

#[test]
fn table_without_rows_is_only_a_footer() {
    assert_eq!(print(Format::Table, NAME_AND_NUMBER, &[]), "0 rows (1.23 s)\n\n");
}

#[test]
fn table_of_many_rows_is_not_held_back() {
    let (mut out, mut writer) = (Vec::new(), Format::Table.writer());
    writer.begin(&mut out, vec![column("n", ColumnKind::Number)]).unwrap();
    for _ in 0..1_001 {
        writer.row(&mut out, &[Some(b"1")]).unwrap();
    }
    assert_eq!(out.iter().filter(|b| **b == b'\n').count(), 3 + 1_001);
}

#[test]
fn statements_without_a_result_say_what_they_changed() {
    let summary = Summary { rows: 1, warnings: 2, elapsed: Duration::ZERO };
    for (format, expected) in
        [(Format::Table, "OK, 1 row affected (0.00 s), 2 warnings\n\n"), (Format::Csv, ""), (Format::Json, "")]
    {
        let mut out = Vec::new();
        format.writer().done(&mut out, &summary).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

#[test]
fn csv_quotes_what_needs_it_and_tells_null_from_empty() {
    let rows: &[&[Option<&str>]] =
        &[&[Some("a,b"), Some("1")], &[Some("say \"hi\""), None], &[Some(""), None], &[Some("x\ny"), Some("0.5")]];
    let expected = "name,n\n\"a,b\",1\n\"say \"\"hi\"\"\",\n\"\",\n\"x\ny\",0.5\n";
    assert_eq!(print(Format::Csv, NAME_AND_NUMBER, rows), expected);
}

#[test]
fn json_keeps_numbers_as_they_are() {
    let rows: &[&[Option<&str>]] =
        &[&[Some("a\"b"), Some("123456789012345678901234.50")], &[None, None], &[Some("1"), Some("nan")]];
    let expected = "[\n{\"name\":\"a\\\"b\",\"n\":123456789012345678901234.50},\n{\"name\":null,\"n\":null},\n\
                    {\"name\":\"1\",\"n\":\"nan\"}\n]\n";
    assert_eq!(print(Format::Json, NAME_AND_NUMBER, rows), expected);
    assert_eq!(print(Format::Json, NAME_AND_NUMBER, &[]), "[]\n");
}

#[test]
fn json_columns_are_embedded_and_names_made_unique() {
    let columns = &[("a", ColumnKind::Json), ("a", ColumnKind::Json), ("a_2", ColumnKind::Text)];
    let rows: &[&[Option<&str>]] = &[&[Some("{\"x\": [1]}"), Some("{broken"), Some("")]];
    let expected = "[\n{\"a\":{\"x\": [1]},\"a_3\":\"{broken\",\"a_2\":\"\"}\n]\n";
    assert_eq!(print(Format::Json, columns, rows), expected);
}

#[test]
fn bytes_that_are_not_text_are_shown_as_hexadecimal() {
    assert_eq!(text::from_bytes(&[0xff, 0x00]), "0xff00");
}
