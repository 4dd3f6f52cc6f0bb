//! String functions.

use super::{check, check_error, check_rows};

#[test]
fn concat_is_strict_and_concat_ws_skips_nulls() {
    check(&[
        ("concat('a', 'b', 1)", "ab1"),
        ("concat('a', NULL)", "NULL"),
        (
            "concat('a', 1.5, true, cast('2024-01-06' as date), vm_to_datetime('2024-01-06'))",
            "a1.512024-01-062024-01-06 00:00:00",
        ),
        ("concat('a', 2e0)", "a2"),
        ("concat_ws('or', 'd', 'is')", "doris"),
        ("concat_ws(NULL, 'd', 'is')", "NULL"),
        ("concat_ws('or', 'd', NULL, 'is')", "doris"),
        ("concat_ws(',', NULL, NULL)", ""),
        ("concat_ws(',', '', 'a')", ",a"),
        ("concat_ws(' ', 1, 2)", "1 2"),
        ("concat_ws(',')", ""),
    ]);
    check_rows(
        "('a'), (NULL), ('')",
        &[
            ("concat_ws('-', x, 'b')", &["a-b", "b", "-b"]),
            ("concat_ws('-', 'b', x, x)", &["b-a-a", "b", "b--"]),
            ("concat(x, 'b')", &["ab", "NULL", "b"]),
            ("concat_ws(x, 'c', 'd')", &["cad", "NULL", "cd"]),
        ],
    );
}

#[test]
fn lengths_count_bytes_or_characters() {
    check(&[
        ("length('Łódź')", "7"),
        ("char_length('Łódź')", "4"),
        ("character_length('abc')", "3"),
        ("length(123)", "3"),
        ("length(NULL)", "NULL"),
        ("ascii('abc')", "97"),
        ("ascii('')", "0"),
        ("null_or_empty(NULL)", "1"),
        ("null_or_empty('')", "1"),
        ("null_or_empty('a')", "0"),
    ]);
}

#[test]
fn letters_change_case_and_order() {
    check(&[
        ("lower('AbŁ')", "abł"),
        ("ucase('abł')", "ABŁ"),
        ("initcap('hello wORLD-of 2the')", "Hello World-Of 2the"),
        ("reverse('Łód')", "dóŁ"),
        ("reverse(NULL)", "NULL"),
    ]);
}

#[test]
fn parts_of_texts() {
    check(&[
        ("left('Hello starrocks', 5)", "Hello"),
        ("left('Łódź', 2)", "Łó"),
        ("left('abc', -1)", ""),
        ("strright('Hello starrocks', 9)", "starrocks"),
        ("right('abc', 9)", "abc"),
        ("mid('starrocks', 1, 4)", "star"),
        ("mid('starrocks', -5, 5)", "rocks"),
        ("mid('apple', 8, 2)", ""),
        ("mid('apple', 0)", ""),
        ("mid('apple', -9)", ""),
        ("mid('apple', 2, -1)", ""),
        ("mid('Łódź', 2, 2)", "ód"),
        ("mid(12345, 2)", "2345"),
        ("mid('apple', NULL)", "NULL"),
        ("substring_index('https://www.starrocks.io', '.', 2)", "https://www.starrocks"),
        ("substring_index('https://www.starrocks.io', '.', -2)", "starrocks.io"),
        ("substring_index('hello', 'x', 1)", "hello"),
        ("substring_index('hello', 'l', 0)", ""),
        ("split_part('hello world', ' ', 2)", "world"),
        ("split_part('hello world', ' ', -1)", "world"),
        ("split_part('abca', 'a', 1)", ""),
        ("split_part('abca', 'a', -2)", "bc"),
        ("split_part('abc', ',', 1)", "abc"),
        ("split_part('abc', ',', 2)", ""),
        ("array_to_string(split('a,b,,c', ','), '|')", "a|b||c"),
        ("array_to_string(split('abc', ''), '|')", "a|b|c"),
    ]);
}

#[test]
fn ends_are_padded_and_trimmed() {
    check(&[
        ("lpad('hi', 5, 'xy')", "xyxhi"),
        ("lpad('hi', 1, 'xy')", "h"),
        ("lpad('hi', 5)", "   hi"),
        ("rpad('hi', 5, 'xy')", "hixyx"),
        ("rpad('Ł', 3, 'ó')", "Łóó"),
        ("lpad('hi', -1, 'x')", "NULL"),
        ("lpad('hi', 5, '')", "hi"),
        ("lpad(7, 3, 0)", "007"),
        ("trim('   ab d   ')", "ab d"),
        ("ltrim('xxabcdxx', 'x')", "abcdxx"),
        ("rtrim('xxabcdxx', 'x')", "xxabcd"),
        ("repeat('a', 3)", "aaa"),
        ("repeat('a', -1)", ""),
        ("repeat('a', 100000000)", "NULL"),
        ("concat('[', space(2), ']')", "[  ]"),
        ("append_trailing_char_if_absent('a', 'c')", "ac"),
        ("append_trailing_char_if_absent('ac', 'c')", "ac"),
    ]);
}

#[test]
fn texts_are_found() {
    check(&[
        ("locate('bar', 'foobarbar')", "4"),
        ("locate('bar', 'foobarbar', 5)", "7"),
        ("locate('x', 'foobar')", "0"),
        ("locate('o', 'foobar', 0)", "0"),
        ("locate('', 'abc')", "1"),
        ("instr('foobarbar', 'bar')", "4"),
        ("instr('Łódź', 'dź')", "3"),
        ("strpos('foobarbar', 'bar', 2)", "7"),
        ("strpos('foobarbar', 'bar', -1)", "7"),
        ("starts_with('hello world', 'hello')", "1"),
        ("ends_with('hello world', 'hello')", "0"),
        ("find_in_set('b', 'a,b,c')", "2"),
        ("find_in_set('d', 'a,b,c')", "0"),
        ("find_in_set(NULL, 'a,b,c')", "NULL"),
        ("strcmp('test1', 'test2')", "-1"),
        ("strcmp('a', 'a')", "0"),
        ("field('a', 'b', 'a', 'd')", "2"),
        ("field(2, 3, 2.0)", "2"),
        ("field(NULL, 'a')", "0"),
        ("elt(2, 'a', 'b')", "b"),
        ("elt(3, 'a', 'b')", "NULL"),
    ]);
    check_rows(
        "('abc'), (NULL), ('cab')",
        &[
            ("locate('a', x)", &["1", "NULL", "2"]),
            ("starts_with(x, 'a')", &["1", "NULL", "0"]),
            ("upper(x)", &["ABC", "NULL", "CAB"]),
            ("mid(x, -2)", &["bc", "NULL", "ab"]),
            ("md5(x)", &["900150983cd24fb0d6963f7d28e17f72", "NULL", "16ecfd64586ec6c1ab212762c2c38a90"]),
        ],
    );
}

#[test]
fn parts_are_replaced() {
    check(&[
        ("replace('http://www.starrocks.io:9000', '9000', '9030')", "http://www.starrocks.io:9030"),
        ("replace('abc', '', 'x')", "abc"),
        ("insert('Quadratic', 3, 4, 'What')", "QuWhattic"),
        ("insert('Quadratic', -1, 4, 'What')", "Quadratic"),
        ("insert('Quadratic', 3, 100, 'What')", "QuWhat"),
        ("quote('Don''t')", "'Don\\'t'"),
        ("quote(NULL)", "NULL"),
    ]);
}

#[test]
fn texts_are_encoded_and_digested() {
    check(&[
        ("hex(3)", "3"),
        ("hex(-1)", "FFFFFFFFFFFFFFFF"),
        ("hex('abc')", "616263"),
        ("unhex('616263')", "abc"),
        ("unhex('@')", "NULL"),
        ("to_base64('starrocks')", "c3RhcnJvY2tz"),
        ("from_base64('c3RhcnJvY2tz')", "starrocks"),
        ("from_base64('*')", "NULL"),
        ("char(77)", "M"),
        ("char(77, 121)", "My"),
        ("md5('abc')", "900150983cd24fb0d6963f7d28e17f72"),
        ("md5(NULL)", "NULL"),
        ("md5sum('a', 'bc')", "900150983cd24fb0d6963f7d28e17f72"),
        ("sha1('abc')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("sha2('abc', 256)", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("sha2('abc', 224)", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
        ("sha2(NULL, 256)", "NULL"),
        ("crc32('starrocks')", "2312449062"),
        ("url_encode('a b/ł')", "a%20b%2F%C5%82"),
        ("url_decode('a%20b%2F%C5%82')", "a b/ł"),
        ("url_decode('%zz')", "NULL"),
        ("parse_url('https://u:p@h.io:80/p/q?a=1&b=2#r', 'HOST')", "h.io"),
        ("parse_url('https://u:p@h.io:80/p/q?a=1&b=2#r', 'PATH')", "/p/q"),
        ("parse_url('https://u:p@h.io:80/p/q?a=1&b=2#r', 'QUERY', 'b')", "2"),
        ("bin(12)", "1100"),
        ("conv('a', 16, 10)", "10"),
        ("conv(-17, 10, -18)", "-H"),
        ("conv('zz', 10, 16)", "0"),
        ("conv(8, 10, 2)", "1000"),
        ("conv(8, 99, 2)", "NULL"),
    ]);
    check_error("SELECT sha2('abc', 1)", "sha2 needs the constant");
}

#[test]
fn numbers_are_formatted() {
    check(&[
        ("format(12332.123456, 4)", "12,332.1235"),
        ("format(12332.2, 2)", "12,332.20"),
        ("format(12332.123456, -4)", "12,332"),
        ("format(cast(-1234567.005 as decimal(10,3)), 2)", "-1,234,567.01"),
        ("format(cast(12.5 as decimal(10,1)), 3)", "12.500"),
        ("format(cast(999.5 as decimal(10,1)), 0)", "1,000"),
        ("format(12, 2)", "12.00"),
        ("format(0.5, 0)", "1"),
        ("money_format(17014116)", "17,014,116.00"),
        ("format_bytes(123)", "123 B"),
        ("format_bytes(123456789)", "117.74 MB"),
        ("format_bytes(-1)", "NULL"),
    ]);
}

#[test]
fn patterns_match_anywhere() {
    check(&[
        ("vm_regexp('foobar', 'o+b')", "1"),
        ("vm_regexp('foobar', '^o')", "0"),
        ("vm_regexp('Foo', 'foo')", "0"),
        ("vm_regexp(NULL, 'foo')", "NULL"),
        ("regexp_extract('AbCdE', '([[:lower:]]+)C([[:lower:]]+)', 1)", "b"),
        ("regexp_extract('AbCdE', '([[:lower:]]+)C([[:lower:]]+)', 2)", "d"),
        ("regexp_extract('AbCdE', 'x', 0)", ""),
        ("regexp_replace('a b c', ' ', '-')", "a-b-c"),
        ("regexp_replace('a b c', '(b)', '<\\1>')", "a <b> c"),
        ("regexp_replace('a b c', 'b', '$1')", "a $1 c"),
        ("array_to_string(regexp_extract_all('ab1cd2', '[a-z]+([0-9])', 1), '|')", "1|2"),
        ("regexp_count('a1b2c3', '[0-9]')", "3"),
    ]);
    check_error("SELECT vm_regexp('a', '(')", "regex parse error");
    check_rows(
        "('abc'), ('a%c'), (NULL)",
        &[
            ("starts_with(x, 'a%')", &["0", "1", "NULL"]),
            ("ends_with(x, 'c')", &["1", "1", "NULL"]),
            ("vm_regexp(x, '^ab')", &["1", "0", "NULL"]),
            ("vm_regexp(x, NULL)", &["NULL", "NULL", "NULL"]),
        ],
    );
    check_rows("('a'), ('('), (NULL)", &[("vm_regexp('abc', x)", &["1", "NULL", "NULL"])]);
}
