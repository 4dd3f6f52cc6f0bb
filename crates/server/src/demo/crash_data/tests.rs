use super::*;

fn text(rows: u64) -> String {
    String::from_utf8(CrashData::new(rows).flatten().collect()).unwrap()
}

/// Fields of a record as RFC 4180 counts them.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn the_file_is_the_same_on_every_machine() {
    let text = text(ROWS);
    assert_eq!(text.lines().count() as u64, 1 + ROWS + 2);
    assert_eq!((text.len(), fnv1a(text.as_bytes())), (LENGTH, HASH));
}

#[test]
fn every_record_but_the_malformed_one_has_29_fields() {
    let text = text(2_000);
    let good: Vec<_> = text.lines().filter(|l| !MALFORMED.contains(l)).collect();
    assert_eq!(good.len(), 2_001);
    for line in good {
        assert_eq!(fields(line).len(), 29, "{line}");
    }
    assert_eq!(text.matches(MALFORMED).count(), 1);
}

#[test]
fn the_year_is_covered_and_ids_are_unique() {
    let text = text(20_000);
    let rows: Vec<_> = text.lines().skip(1).filter(|l| !MALFORMED.contains(l)).map(fields).collect();
    let unique = |i: usize| rows.iter().map(|r| r[i].as_str()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(unique(0).len(), 365);
    assert_eq!((unique(0).first(), unique(0).last()), (Some(&"01/01/2014"), Some(&"12/31/2014")));
    assert_eq!(unique(23).len(), 20_000);
    assert_eq!(unique(24).len(), 18);
    assert_eq!(unique(2).len(), 6);
}

#[test]
fn chunks_end_at_a_line_end() {
    let chunks: Vec<_> = CrashData::new(3_000).collect();
    assert!(chunks.len() > 1);
    assert!(chunks.iter().all(|c| c.ends_with(b"\n")));
    assert_eq!(CrashData::new(0).count(), 0);
}

const LENGTH: usize = 46_605_298;
const HASH: u64 = 15_715_368_718_178_673_642;
