//! The rows do not depend on chunk sizes, block sizes or the order of blocks.

use super::super::scan::Scanner;
use super::*;

/// A small deterministic generator (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

fn dialects() -> Vec<Dialect> {
    let mut all = Vec::new();
    for (separator, row) in [(",", "\n"), ("||", "\r\n"), (",", "\r\n"), ("ab", "ba"), (",,", ",\n")] {
        for (enclose, escape) in [("", ""), ("\"", ""), ("", "\\"), ("\"", "\\")] {
            for trim in [false, true] {
                all.push(dialect(separator, row, enclose, escape, trim));
            }
        }
    }
    all
}

/// A body that is mostly delimiters, so that every rule is met often.
fn body(random: &mut Random, dialect: &Dialect) -> Vec<u8> {
    let pieces: [&[u8]; 11] = [
        &dialect.separator,
        &dialect.separator,
        &dialect.row_delimiter,
        &dialect.row_delimiter,
        b"\"",
        b"\"",
        b"\\",
        b" ",
        b"a",
        "é".as_bytes(),
        b"N",
    ];
    let mut body = Vec::new();
    for _ in 0..random.below(40) {
        let piece = pieces[random.below(pieces.len())];
        // Also halves of delimiters.
        let missing = usize::from(piece.len() > 1 && piece.is_ascii() && random.below(3) == 0);
        body.extend_from_slice(&piece[..piece.len() - missing]);
    }
    body
}

#[test]
fn chunks_and_blocks_change_nothing() {
    let mut random = Random(0x5eed_1234_abcd_0001);
    for dialect in dialects() {
        let parser = Parser::new(dialect.clone(), 2, text_columns(2), false);
        for _ in 0..150 {
            let body = body(&mut random, &dialect);
            let skip = random.below(3) as u64;
            let run = |chunks: &[usize], block_bytes| {
                let limits = SplitterLimits { block_bytes, ..SplitterLimits::default() };
                load(&parser, &dialect, skip, &body, chunks, limits).map_err(|e| e.to_string())
            };
            let whole = run(&[usize::MAX], usize::MAX / 4);
            for block_bytes in 1..=body.len() {
                let chunks = [1 + random.below(4), 1 + random.below(9), 1];
                assert_eq!(
                    run(&chunks, block_bytes),
                    whole,
                    "{dialect:?} {block_bytes} {chunks:?} {:?}",
                    body.escape_ascii().to_string()
                );
            }
            assert_eq!(run(&[1], 1), whole, "{dialect:?} {:?}", body.escape_ascii().to_string());
        }
    }
}

/// The state table once more, as plainly as it can be written: records with their fields, blank ones left out.
fn by_the_table(d: &Dialect, body: &[u8]) -> Vec<(u64, Vec<Vec<u8>>)> {
    let (mut records, mut fields, mut at, mut number, mut begin) = (Vec::new(), Vec::new(), 0, 1, 0);
    if body.is_empty() {
        return records;
    }
    let at_row = |at: usize| body[at..].starts_with(&d.row_delimiter);
    let at_separator = |at: usize| body[at..].starts_with(&d.separator);
    loop {
        let (mut field, mut enclosed, mut inside) = (Vec::new(), false, false);
        while d.trim_space && body.get(at) == Some(&b' ') {
            at += 1;
        }
        if at < body.len() && Some(body[at]) == d.enclose {
            (enclosed, inside) = (true, true);
            at += 1;
        }
        while at < body.len() && (inside || !(at_row(at) || at_separator(at))) {
            let byte = body[at];
            at += 1;
            if Some(byte) == d.escape {
                let literal = match at {
                    _ if at == body.len() => 0,
                    _ if at_row(at) => d.row_delimiter.len(),
                    _ if at_separator(at) => d.separator.len(),
                    _ => 1,
                };
                field.extend_from_slice(&body[at..at + literal]);
                at += literal;
            } else if Some(byte) != d.enclose {
                field.push(byte);
            } else if inside && body.get(at) == Some(&byte) {
                field.push(byte);
                at += 1;
            } else if inside {
                field.push(byte);
                inside = false;
            } else if at < body.len() {
                field.push(body[at]);
                at += 1;
            }
        }
        while d.trim_space && field.last() == Some(&b' ') {
            field.pop();
        }
        if enclosed {
            field.pop();
        }
        fields.push(field);
        if at < body.len() && !at_row(at) {
            at += d.separator.len();
            continue;
        }
        let fields = std::mem::take(&mut fields);
        if at > begin && !inside {
            records.push((number, fields));
        }
        if at == body.len() {
            return records;
        }
        number += 1;
        at += d.row_delimiter.len();
        begin = at;
        if at == body.len() {
            return records;
        }
    }
}

#[test]
fn shortcuts_agree_with_the_state_table() {
    let mut random = Random(0x5eed_1234_abcd_0002);
    for dialect in dialects().into_iter().filter(Dialect::has_states) {
        let parser = Parser::new(dialect.clone(), 2, text_columns(2), false);
        for _ in 0..1000 {
            let body = body(&mut random, &dialect);
            let outcome = load(&parser, &dialect, 0, &body, &[usize::MAX], SplitterLimits::default()).unwrap();
            let mut expected = by_the_table(&dialect, &body);
            expected.retain(|(_, fields)| fields.len() == 2 && fields.iter().all(|f| std::str::from_utf8(f).is_ok()));
            let text = |fields: &Vec<Vec<u8>>| {
                fields.iter().map(|f| String::from_utf8(f.clone()).unwrap()).collect::<Vec<_>>()
            };
            let expected: Vec<(u64, Vec<String>)> = expected.iter().map(|(n, f)| (*n, text(f))).collect();
            // With `\` as escape character, `\N` alone is NULL here and an escaped N in the table.
            let null = if dialect.escape.is_some() { "N" } else { "\\N" };
            let text = |row: &Vec<Option<String>>| row.iter().map(|f| f.clone().unwrap_or(null.to_string())).collect();
            let found: Vec<(u64, Vec<String>)> = outcome.rows.iter().map(|(n, row)| (*n, text(row))).collect();
            assert_eq!(found, expected, "{dialect:?} {:?}", body.escape_ascii().to_string());
        }
    }
}

#[test]
fn both_scanners_find_the_same_records() {
    let mut random = Random(0x5eed_1234_abcd_0003);
    for dialect in
        dialects().into_iter().filter(|d| d.has_states() && d.separator.len() == 1 && d.row_delimiter.len() == 1)
    {
        for _ in 0..500 {
            let body = body(&mut random, &dialect);
            let ends = |mut scanner: Scanner| {
                let mut ends: Vec<usize> = std::iter::from_fn(|| scanner.next_end(&body, 1, true)).collect();
                ends.push(scanner.records() as usize);
                ends
            };
            assert_eq!(
                ends(Scanner::new(&dialect)),
                ends(Scanner::general(&dialect)),
                "{:?}",
                body.escape_ascii().to_string()
            );
        }
    }
}

#[test]
fn header_records_are_skipped_as_records() {
    let d = dialect(",", "\n", "\"", "", false);
    let parser = Parser::new(d.clone(), 1, text_columns(1), false);
    let skip = |n| load(&parser, &d, n, b"\"h\n1\"\n\nb\nc", &[2], SplitterLimits::default());
    let rows = |n| {
        skip(n).unwrap().rows.into_iter().map(|(number, row)| (number, row[0].clone().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(rows(1), [(3, "b".to_string()), (4, "c".to_string())]);
    assert_eq!(rows(3), [(4, "c".to_string())]);
    assert_eq!(rows(4), []);
    let expected = "The parameter 'skip_header' is set to 5, but there are only 4 rows in the csv file";
    assert_eq!(skip(5).unwrap_err().to_string(), expected);
}

#[test]
fn many_header_records_are_skipped_quickly() {
    let d = dialect(",", "\n", "", "", false);
    let parser = Parser::new(d.clone(), 1, text_columns(1), false);
    let body = "h\n".repeat(200_000) + "a\n";
    let outcome = load(&parser, &d, 200_000, body.as_bytes(), &[usize::MAX], SplitterLimits::default()).unwrap();
    assert_eq!(outcome.rows, [(200_001, vec![Some("a".to_string())])]);
}

#[test]
fn a_record_beyond_the_limit_fails_early_with_its_number() {
    let limits = SplitterLimits { block_bytes: 1000, record_bytes_max: 1 << 20 };
    for (enclose, opening) in [("", ""), ("\"", "\"")] {
        let d = dialect(",", "\n", enclose, "", false);
        let mut splitter = Splitter::new(&d, 1, limits);
        let mut taken = 0;
        let mut push = |bytes: &[u8]| {
            taken += bytes.len();
            splitter.push(bytes, |_| Ok(()))
        };
        push(b"h\na\nb\n").unwrap();
        push(opening.as_bytes()).unwrap();
        let error = loop {
            if let Err(error) = push(&[b'x'; 10_000]) {
                break error.to_string();
            }
        };
        assert!(error.contains("CSV line length exceed limit 1048576: record 4 "), "{error}");
        assert!(taken < (1 << 20) + 100_000, "stopped only after {taken} bytes");
    }
}

#[test]
fn a_long_record_that_fits_a_block_is_found_by_the_parser() {
    let d = dialect(",", "\n", "", "", false);
    let parser = Parser::new(d.clone(), 1, text_columns(1), false);
    let bytes = [b"a\n".to_vec(), vec![b'x'; base::limits::CSV_RECORD_BYTES_MAX + 1]].concat();
    let error = parser.parse(&Block { bytes, first_record: 7 }, &Quality::new(None)).unwrap_err().to_string();
    assert!(error.contains("record 8 "), "{error}");
}
