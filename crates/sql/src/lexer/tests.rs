use super::*;

fn tokens(sql: &str) -> Vec<String> {
    let (lexemes, _) = Lexer::new(sql, Pipes::Or).read_all().unwrap();
    lexemes
        .into_iter()
        .map(|lexeme| match lexeme.token {
            Token::Word(word) => format!("{}{}", word.quote_style.map_or("", |_| "`"), word.value),
            Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => format!("'{text}"),
            Token::Number(number, _) => format!("#{number}"),
            Token::HexStringLiteral(digits) => format!("x{digits}"),
            Token::SingleQuotedByteStringLiteral(digits) => format!("b{digits}"),
            symbol => symbol.to_string(),
        })
        .collect()
}

#[test]
fn numbers_words_and_dots() {
    let cases: [(&str, &[&str]); 14] = [
        ("1 1.5 .5 1. 1e5 2E-3 1.5e+2", &["#1", "#1.5", "#.5", "#1.", "#1e5", "#2E-3", "#1.5e+2"]),
        ("2nd 1e 0x1F x'0a' 0b11 b'01'", &["2nd", "1e", "x1F", "x0a", "b11", "b01"]),
        ("t.1a db.2024 `t`.5", &["t", ".", "1a", "db", ".", "2024", "`t", ".", "5"]),
        ("a$b _x größe 表", &["a$b", "_x", "größe", "表"]),
        ("@x @'a b' @`c` @@y @@global.z", &["@x", "@a b", "@c", "@@y", "@@global", ".", "z"]),
        ("'u'@'%' root@localhost", &["'u", "@%", "root", "@localhost"]),
        ("_utf8mb4'a' _binary \"b\" n'c' _utf8mb4 x", &["'a", "'b", "'c", "_utf8mb4", "x"]),
        ("a&&b||c", &["a", "AND", "b", "OR", "c"]),
        ("a<=>b<>c!=d==e", &["a", "<=>", "b", "<>", "c", "<>", "d", "=", "e"]),
        ("a->'x'->>'y' >> ~!", &["a", "->", "'x", "->>", "'y", ">>", "~", "!"]),
        ("1--2\n+3#4\n/*5*/6", &["#1", "+", "#3", "#6"]),
        ("/*!40101 a*/ b /*!99999 c */ /*M! d*/ /*!e*/", &["a", "b", "d", "e"]),
        ("``` a`` `", &["`` a` "]),
        ("\u{feff}a\0", &["a"]),
    ];
    for (sql, expected) in cases {
        assert_eq!(tokens(sql), expected, "{sql}");
    }
}

#[test]
fn escapes_in_text() {
    let cases = [
        (r"'a\'b\\c\n\t\0\Z'", "'a'b\\c\n\t\0\u{1a}"),
        (r#""a""b'c""#, "'a\"b'c"),
        ("'it''s'", "'it's"),
        (r"'50\%\_x\q'", r"'50\%\_xq"),
        ("'-- /* # '", "'-- /* # "),
    ];
    for (sql, expected) in cases {
        assert_eq!(tokens(sql), [expected], "{sql}");
    }
}

#[test]
fn pipes_concatenate_when_asked() {
    let (lexemes, _) = Lexer::new("a||b", Pipes::Concat).read_all().unwrap();
    assert_eq!(lexemes[1].token, Token::StringConcat);
}

#[test]
fn ranges_are_bytes_of_the_source() {
    let sql = "é = /* c */ `ü`";
    let (lexemes, _) = Lexer::new(sql, Pipes::Or).read_all().unwrap();
    let texts: Vec<&str> = lexemes.iter().map(|lexeme| &sql[lexeme.start..lexeme.end]).collect();
    assert_eq!(texts, ["é", "=", "`ü`"]);
}
