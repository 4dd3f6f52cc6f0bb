//! What the fields of a record are.

use super::*;

/// `expected` are the records, their fields joined by `|`, NULL as `<null>`.
fn check(dialect: &Dialect, fields: usize, body: &str, expected: &[&str]) {
    let parser = Parser::new(dialect.clone(), fields, text_columns(fields), false);
    let outcome = load_whole(&parser, dialect, body);
    let text = |row: &Vec<Option<String>>| {
        row.iter().map(|f| f.clone().unwrap_or("<null>".to_string())).collect::<Vec<_>>().join("|")
    };
    let rows: Vec<String> = outcome.rows.iter().map(|(_, row)| text(row)).collect();
    assert_eq!(rows, expected, "{body:?} {dialect:?} {:?}", outcome.errors);
}

#[test]
fn without_enclose_and_escape_text_is_split() {
    let d = dialect(",", "\n", "", "", false);
    let cases: &[(usize, &str, &[&str])] = &[
        (2, "a,b\nc,d\n", &["a|b", "c|d"]),
        (2, "a,b\nc,d", &["a|b", "c|d"]),
        (2, ",\n", &["|"]),
        (1, "a\n\n\nb\n", &["a", "b"]),
        (2, "\"a,b\"\n", &["\"a|b\""]),
        (2, "a,b\r\n", &["a|b\r"]),
        (2, "\\N,\\n\n", &["<null>|\\n"]),
        (2, " a , b \n", &[" a | b "]),
        (1, "", &[]),
        (1, "\n", &[]),
    ];
    for (fields, body, expected) in cases {
        check(&d, *fields, body, expected);
    }
    check(&dialect(",", "\n", "", "", true), 3, " a , b,\n  ,c c,  \n", &["a|b|", "|c c|"]);
    check(&dialect("||", "\r\n", "", "", false), 3, "a||b|||c\r\n\r\nd||\n||\r", &["a|b||c", "d|\n|\r"]);
    check(&dialect("|", "|\n", "", "", false), 2, "a|b|\nc|d|\n", &["a|b", "c|d"]);
    check(&dialect("\u{1}", "\u{2}", "", "", false), 2, "a\u{1}b\u{2}", &["a|b"]);
}

#[test]
fn start_of_a_field() {
    let d = dialect(",", "\n", "\"", "\\", false);
    let cases: &[(usize, &str, &[&str])] = &[
        // Row delimiter or separator: an empty field.
        (2, ",\n", &["|"]),
        (2, "a,\n,b\n", &["a|", "|b"]),
        (2, "a,", &["a|"]),
        // Escape: dropped, and what follows is ordinary.
        (2, "\\,a,b\n", &[",a|b"]),
        (2, "\\\"a,b\n", &["\"a|b"]),
        // Enclose: the byte after it is the field's first.
        (2, "\"\",a\n", &["|a"]),
        (1, "\"\"\"A\"\" B\"\n", &["\"A\" B"]),
        (2, "\"a,b\",\"c\nd\"\n", &["a,b|c\nd"]),
    ];
    for (fields, body, expected) in cases {
        check(&d, *fields, body, expected);
    }
    let trimming = dialect(",", "\n", "\"", "", true);
    check(&trimming, 3, "  a ,  \" b \"  , \n", &["a| b |"]);
    check(&trimming, 2, " \"a\"\"b\" , c d \n", &["a\"b|c d"]);
    check(&trimming, 1, "   \n\n", &[""]);
}

#[test]
fn inside_an_enclosed_field() {
    let d = dialect(",", "\n", "\"", "\\", false);
    let cases: &[(usize, &str, &[&str])] = &[
        // Doubled: one literal.
        (2, "\"a\"\"b\",c\n", &["a\"b|c"]),
        // Enclose and anything else: ordinary from there, the last byte goes.
        (2, "\"a\"bc,d\n", &["a\"b|d"]),
        (2, "\"a\"b\"c,d\n", &["a\"b|d"]),
        (2, "\"a\" ,d\n", &["a\"|d"]),
        // Escape, then back inside.
        (2, "\"a\\\"b\",c\n", &["a\"b|c"]),
        (2, "\"a\\\\\",c\n", &["a\\|c"]),
        (2, "\"a\\,\\\nb\",c\n", &["a,\nb|c"]),
        (2, "\"a\\tb\",c\n", &["atb|c"]),
        // Separator and row delimiter are data.
        (1, "\"a,\n,\"\n", &["a,\n,"]),
        // At the end of the body.
        (2, "a,\"b\"", &["a|b"]),
        (2, "a,\"\"", &["a|"]),
    ];
    for (fields, body, expected) in cases {
        check(&d, *fields, body, expected);
    }
    // With the default delimiter, a carriage return is what followed the closing character.
    check(&dialect(",", "\n", "\"", "", false), 2, "a,\"b\"\r\n", &["a|b\""]);
    check(&dialect(",", "\r\n", "\"", "", false), 2, "a,\"b\"\r\n\"\r\n\",c\r\n", &["a|b", "\r\n|c"]);
}

#[test]
fn after_an_escape_character() {
    let d = dialect("||", "\r\n", "'", "\\", false);
    let cases: &[(usize, &str, &[&str])] = &[
        (2, "a\\||b||c\r\n", &["a||b|c"]),
        (2, "a\\\r\nb||c\r\n", &["a\r\nb|c"]),
        (2, "a\\'b||c\\\\\r\n", &["a'b|c\\"]),
        (2, "a\\xb||c\r\n", &["axb|c"]),
        (2, "a||b\\", &["a|b"]),
        (1, "a\\|||b\r\n", &["a|||b"]),
        (2, "'a\\||'||b\r\n", &["a|||b"]),
        // NULL keeps its meaning; as a part of a field it is an escaped N.
        (4, "\\N||'\\N'||\\Nx||\\\\N\r\n", &["<null>|N|Nx|\\N"]),
    ];
    for (fields, body, expected) in cases {
        check(&d, *fields, body, expected);
    }
    check(&dialect(",", "\n", "", "\\", false), 2, "a\\,b,\"c\\\nd\"\n\\N,e\n", &["a,b|\"c\nd\"", "<null>|e"]);
}

#[test]
fn enclose_characters_in_an_ordinary_field_vanish_and_protect_the_next_byte() {
    let d = dialect(",", "\n", "\"", "", false);
    let cases: &[(usize, &str, &[&str])] = &[
        (2, "a\"b,c\n", &["ab|c"]),
        (2, "a\",b,c\n", &["a,b|c"]),
        (2, "a,b\"\nc\n", &["a|b\nc"]),
        (2, "a\"\"b,c\n", &["a\"b|c"]),
        (2, "a,b\"", &["a|b"]),
        (2, "\"\\N\",\\N\n", &["<null>|<null>"]),
    ];
    for (fields, body, expected) in cases {
        check(&d, *fields, body, expected);
    }
}

#[test]
fn a_lone_quote_in_the_crash_data_makes_one_record_of_32_fields() {
    let d = dialect(",", "\n", "\"", "", false);
    let parser = Parser::new(d.clone(), 29, text_columns(29), false);
    let body = "09/06/2015,14:15,,,40.6722269,-74.0110059,\"(40.6722269, -74.0110059)\",,,\"R/O 1 BEARD ST. ( IKEA'S \n\
        09/14/2015,5:30,BRONX,10473,40.814551,-73.8490955,\"(40.814551, -73.8490955)\",TORRY AVENUE                    ,\
        NORTON AVENUE                   ,,0,0,0,0,0,0,0,0,Driver Inattention/Distraction,Unspecified,,,,2999999,PASSENGER VEHICLE,PASSENGER VEHICLE,,,\n\
        09/14/2015,5:30,BRONX,10473,40.814551,-73.8490955,\"(40.814551, -73.8490955)\",TORRY AVENUE                    ,\
        NORTON AVENUE                   ,,0,0,0,0,0,0,0,0,Driver Inattention/Distraction,Unspecified,,,,2999998,PASSENGER VEHICLE,PASSENGER VEHICLE,,,\n";
    let outcome = load_whole(&parser, &d, body);
    assert_eq!(outcome.total, 2);
    assert_eq!(outcome.rows.len(), 1);
    assert_eq!(outcome.rows[0].1[6].as_deref(), Some("(40.814551, -73.8490955)"));
    let log = outcome.errors.join("\n");
    let expected = "Error: Target column count: 29 doesn't match source value column count: 32. \
        Column separator: ',', Row delimiter: '\\n'. Row: 09/06/2015,14:15";
    assert!(log.starts_with(expected), "{log}");
}

#[test]
fn records_of_the_wrong_shape_are_rejected() {
    let d = dialect(",", "\n", "\"", "", false);
    let parser = Parser::new(d.clone(), 2, text_columns(2), false);
    let outcome = load_whole(&parser, &d, "a,b\nc\nd,e,f\n\n\"g,h\ni,j\n");
    assert_eq!(outcome.rows, [(1, vec![Some("a".to_string()), Some("b".to_string())])]);
    assert_eq!(outcome.total, 4);
    let count = |n| {
        format!(
            "Error: Target column count: 2 doesn't match source value column count: {n}. Column separator: ',', Row delimiter: '\\n'. Row: "
        )
    };
    let not_closed = "Error: The enclosed field (pos = 0) is not closed before the end of the data. Row: \"g,h";
    assert_eq!(outcome.errors[..3], [count(1) + "c", count(3) + "d,e,f", not_closed.to_string()]);
}

#[test]
fn broken_utf8_rejects_the_row_only() {
    for (d, bad_rows) in [(dialect(",", "\n", "", "", false), 2), (dialect(",", "\n", "\"", "", false), 3)] {
        let parser = Parser::new(d.clone(), 2, text_columns(2), false);
        // The last row is broken by the rule that takes the last byte of an enclosed field.
        let body = b"a,\xc3\xa9\nb,\xff\n\xc3,\xa9\n\"c\"\xc3\xa9,d\n";
        let outcome = load(&parser, &d, 0, body, &[1], SplitterLimits::default()).unwrap();
        assert_eq!(outcome.rows[0].1[1].as_deref(), Some("é"));
        assert_eq!((outcome.errors.len(), outcome.total), (bad_rows, 4), "{:?}", outcome.errors);
        assert!(
            outcome.errors.iter().all(|e| e.starts_with("Error: Invalid UTF-8 row. Row: ")),
            "{:?}",
            outcome.errors
        );
    }
}

#[test]
fn ambiguous_dialects_are_refused() {
    let options = |separator: &str, row: &str, enclose, escape, trim_space| DialectOptions {
        separator: separator.into(),
        row_delimiter: row.into(),
        enclose,
        escape,
        trim_space,
    };
    let cases = [
        (options("", "\n", None, None, false), "column_separator must have 1 to 50 bytes"),
        (options(",", &"x".repeat(51), None, None, false), "row_delimiter must have 1 to 50 bytes"),
        (options("\n", "\n", None, None, false), "must not contain row_delimiter"),
        (options(",\"", "\n", Some(b'"'), None, false), "must not contain the enclose"),
        (options(",", "\n", Some(b'"'), Some(b'"'), false), "must differ"),
        (options(",", "\n", Some(0xc3), None, false), "ASCII"),
        (options(" ", "\n", Some(b'"'), None, true), "may begin with a space"),
    ];
    for (options, part) in cases {
        let error = Dialect::new(options).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}
