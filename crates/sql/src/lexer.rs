//! Characters to tokens, with the byte range of each. The only place that knows comments, quotes and escapes.
//!
//! [`crate::split`] and [`crate::Cursor`] read the same lexemes, so that they cannot disagree about where a string ends.
//! Executable comments (`/*!40101 … */`, `/*M! … */`) are code when their version is at most the one that the server
//! pretends to be, all other comments disappear, hints (`/*+ … */`) are collected apart.

use base::Result;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use crate::syntax_error;

/// The MySQL version whose executable comments are code: what the greeting announces, as `/*!80033` writes it.
const MYSQL_VERSION_ID: u32 = 80_033;

/// Character sets whose introducer (`_utf8mb4'text'`) says nothing that UTF-8 text needs.
const CHARSETS: [&str; 8] = ["utf8mb4", "utf8mb3", "utf8", "latin1", "ascii", "binary", "ucs2", "gbk"];

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    /// Byte offsets in the statement's text.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// What `||` means: logical OR, or concatenation under `sql_mode = PIPES_AS_CONCAT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pipes {
    #[default]
    Or,
    Concat,
}

pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    pipes: Pipes,
    /// Where the executable comment started that is being read as code.
    executable_comment: Option<usize>,
    /// Ranges of the texts between `/*+` and `*/`.
    hints: Vec<(usize, usize)>,
    previous: Previous,
}

/// What came before, as far as it decides how a dot or a digit reads.
#[derive(Clone, Copy, PartialEq)]
enum Previous {
    /// A word that ended at this offset: a dot here is a separator.
    Word(usize),
    /// A separating dot that ended at this offset: a digit here starts a name.
    Dot(usize),
    Other,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str, pipes: Pipes) -> Self {
        Lexer { text, at: 0, pipes, executable_comment: None, hints: Vec::new(), previous: Previous::Other }
    }

    /// All lexemes of the text and the texts of its hints.
    pub(crate) fn read_all(mut self) -> Result<(Vec<Lexeme>, Vec<&'a str>)> {
        let mut lexemes = Vec::with_capacity(self.text.len() / 5);
        while let Some(lexeme) = self.next()? {
            lexemes.push(lexeme);
        }
        let hints = self.hints.iter().map(|&(start, end)| &self.text[start..end]).collect();
        Ok((lexemes, hints))
    }

    pub(crate) fn in_executable_comment(&self) -> bool {
        self.executable_comment.is_some()
    }

    /// The next lexeme, `None` at the end of the text.
    pub(crate) fn next(&mut self) -> Result<Option<Lexeme>> {
        self.skip_blank()?;
        let start = self.at;
        let Some(first) = self.peek(0) else {
            return match self.executable_comment {
                Some(opened) => Err(syntax_error::at(self.text, opened, "*/ to close this comment")),
                None => Ok(None),
            };
        };
        let token = match first {
            '`' => self.quoted_identifier()?,
            '\'' => Token::SingleQuotedString(self.quoted('\'')?),
            '"' => Token::DoubleQuotedString(self.quoted('"')?),
            '0'..='9' => self.number_or_word(),
            '.' if self.peek(1).is_some_and(|c| c.is_ascii_digit()) && self.previous != Previous::Word(start) => {
                self.number_or_word()
            }
            '?' => self.one(Token::Placeholder("?".to_owned())),
            '@' => self.variable()?,
            c if is_word_part(c) => self.word()?,
            _ => self.operator(first),
        };
        self.previous = match &token {
            Token::Word(_) => Previous::Word(self.at),
            Token::Period => Previous::Dot(self.at),
            _ => Previous::Other,
        };
        Ok(Some(Lexeme { token, start, end: self.at }))
    }

    fn peek(&self, n: usize) -> Option<char> {
        self.text[self.at..].chars().nth(n)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn one(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    fn skip_blank(&mut self) -> Result<()> {
        loop {
            let rest = self.rest();
            let blank = |c: char| c.is_whitespace() || c == '\0' || c == '\u{feff}';
            let trimmed = rest.trim_start_matches(blank);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("--") || trimmed.starts_with('#') {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                self.comment(trimmed)?;
            } else if trimmed.starts_with("*/") && self.executable_comment.take().is_some() {
                self.at += 2;
            } else {
                return Ok(());
            }
        }
    }

    /// Skips a comment, or only its opening when its inside is code.
    fn comment(&mut self, text: &str) -> Result<()> {
        if let Some(inside) = text.strip_prefix("/*!").or_else(|| text.strip_prefix("/*M!")) {
            let digits = inside.bytes().take(6).take_while(u8::is_ascii_digit).count();
            let version: u32 = inside[..digits].parse().unwrap_or(0);
            if version <= MYSQL_VERSION_ID && self.executable_comment.is_none() {
                self.executable_comment = Some(self.at);
                self.at += text.len() - inside.len() + digits;
                return Ok(());
            }
        }
        let Some(length) = text[2..].find("*/") else {
            return Err(syntax_error::at(self.text, self.at, "*/ to close this comment"));
        };
        if text.starts_with("/*+") {
            self.hints.push((self.at + 3, self.at + 2 + length));
        }
        self.at += length + 4;
        Ok(())
    }

    /// Reads quoted text with MySQL's escapes. `\%` and `\_` keep their backslash, which only LIKE takes away.
    fn quoted(&mut self, quote: char) -> Result<String> {
        let start = self.at;
        self.at += 1;
        let mut value = String::new();
        let mut chars = self.rest().char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            let next = chars.peek().map(|&(_, c)| c);
            match c {
                '\\' => match next {
                    Some(escaped) => {
                        chars.next();
                        unescape(escaped, &mut value);
                    }
                    None => break,
                },
                c if c == quote && next == Some(quote) => {
                    chars.next();
                    value.push(quote);
                }
                c if c == quote => {
                    self.at += offset + 1;
                    return Ok(value);
                }
                c => value.push(c),
            }
        }
        Err(syntax_error::at(self.text, start, &format!("{quote} to close this string")))
    }

    fn quoted_identifier(&mut self) -> Result<Token> {
        Ok(Token::make_word(&self.back_ticked()?, Some('`')))
    }

    fn back_ticked(&mut self) -> Result<String> {
        let start = self.at;
        let mut value = String::new();
        self.at += 1;
        loop {
            let rest = self.rest();
            let Some(length) = rest.find('`') else {
                return Err(syntax_error::at(self.text, start, "` to close this name"));
            };
            value.push_str(&rest[..length]);
            self.at += length + 1;
            if !self.rest().starts_with('`') {
                return Ok(value);
            }
            value.push('`');
            self.at += 1;
        }
    }

    fn take_word(&mut self) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !is_word_part(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn number_or_word(&mut self) -> Token {
        let rest = self.rest();
        if self.previous != Previous::Dot(self.at) {
            if let Some(length) = number_length(rest) {
                self.at += length;
                return Token::Number(rest[..length].to_owned(), false);
            }
            for (prefix, radix) in [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2)] {
                let digits = rest.strip_prefix(prefix).map(|t| &t[..t.find(|c| !is_word_part(c)).unwrap_or(t.len())]);
                if let Some(digits) = digits.filter(|d| !d.is_empty() && d.chars().all(|c| c.is_digit(radix))) {
                    self.at += prefix.len() + digits.len();
                    return radix_literal(radix, digits.to_owned());
                }
            }
        }
        Token::make_word(self.take_word(), None)
    }

    fn word(&mut self) -> Result<Token> {
        let word = self.take_word();
        let quote = self.rest().chars().next().filter(|c| matches!(c, '\'' | '"'));
        if let (Some(quote), true) = (quote, word.len() == 1) {
            match word {
                "x" | "X" => return Ok(radix_literal(16, self.quoted(quote)?)),
                "b" | "B" => return Ok(radix_literal(2, self.quoted(quote)?)),
                "n" | "N" => return Ok(Token::SingleQuotedString(self.quoted(quote)?)),
                _ => {}
            }
        }
        if let Some(charset) = word.strip_prefix('_')
            && CHARSETS.iter().any(|known| known.eq_ignore_ascii_case(charset))
        {
            let after = self.at;
            self.skip_blank()?;
            if let Some(quote @ ('\'' | '"')) = self.peek(0) {
                return Ok(Token::SingleQuotedString(self.quoted(quote)?));
            }
            self.at = after;
        }
        let mut token = Token::make_word(word, None);
        if let Token::Word(word) = &mut token
            && word.keyword == Keyword::TOP
        {
            // A column's name in MySQL; sqlparser would read SELECT TOP n.
            word.keyword = Keyword::NoKeyword;
        }
        Ok(token)
    }

    /// `@name`, `@'any name'`, `@@name`: one word that keeps its `@`. In `'user'@'host'` the host reads the same way.
    fn variable(&mut self) -> Result<Token> {
        let signs = if self.rest().starts_with("@@") { 2 } else { 1 };
        let prefix = &self.rest()[..signs];
        self.at += signs;
        let name = match self.peek(0) {
            Some('`') => self.back_ticked()?,
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            _ => {
                // A user variable or a host may have dots; in `@@session.x` the dot separates.
                let length =
                    self.rest().find(|c| !(is_word_part(c) || signs == 1 && c == '.')).unwrap_or(self.rest().len());
                let name = &self.rest()[..length];
                self.at += length;
                name.to_owned()
            }
        };
        Ok(Token::make_word(&format!("{prefix}{name}"), None))
    }

    fn operator(&mut self, first: char) -> Token {
        let rest = self.rest();
        for (text, token) in LONG_OPERATORS {
            if rest.starts_with(text) {
                self.at += text.len();
                return match *text {
                    "&&" => Token::make_word("AND", None),
                    "||" if self.pipes == Pipes::Or => Token::make_word("OR", None),
                    _ => token.clone(),
                };
            }
        }
        self.at += first.len_utf8();
        short_operator(first)
    }
}

/// Longest first where one starts another.
const LONG_OPERATORS: &[(&str, Token)] = &[
    ("<=>", Token::Spaceship),
    ("->>", Token::LongArrow),
    ("<=", Token::LtEq),
    ("<>", Token::Neq),
    ("<<", Token::ShiftLeft),
    (">=", Token::GtEq),
    (">>", Token::ShiftRight),
    ("!=", Token::Neq),
    ("==", Token::Eq),
    ("=>", Token::RArrow),
    ("->", Token::Arrow),
    ("||", Token::StringConcat),
    ("&&", Token::Overlap),
    (":=", Token::Assignment),
    ("::", Token::DoubleColon),
];

fn short_operator(first: char) -> Token {
    match first {
        '(' => Token::LParen,
        ')' => Token::RParen,
        ',' => Token::Comma,
        '.' => Token::Period,
        ';' => Token::SemiColon,
        '=' => Token::Eq,
        '<' => Token::Lt,
        '>' => Token::Gt,
        '+' => Token::Plus,
        '-' => Token::Minus,
        '*' => Token::Mul,
        '/' => Token::Div,
        '%' => Token::Mod,
        '!' => Token::ExclamationMark,
        '~' => Token::Tilde,
        '^' => Token::Caret,
        '&' => Token::Ampersand,
        '|' => Token::Pipe,
        '[' => Token::LBracket,
        ']' => Token::RBracket,
        '{' => Token::LBrace,
        '}' => Token::RBrace,
        ':' => Token::Colon,
        '\\' => Token::Backslash,
        other => Token::Char(other),
    }
}

fn radix_literal(radix: u32, digits: String) -> Token {
    if radix == 16 { Token::HexStringLiteral(digits) } else { Token::SingleQuotedByteStringLiteral(digits) }
}

pub(crate) fn is_word_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii() && !c.is_whitespace() && c != '\u{feff}'
}

/// The length of the number at the start of `text`, `None` when a word starts there (`2nd`, `0x1f`).
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(0);
    let mut end = whole;
    if bytes.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    let word_follows = text[end..].starts_with(is_word_part);
    // `1.e` cannot be a name, so what follows a fraction is an alias or an error, as in MySQL.
    if word_follows && end == whole { None } else { Some(end) }
}

fn unescape(escaped: char, value: &mut String) {
    match escaped {
        '0' => value.push('\0'),
        'b' => value.push('\u{8}'),
        'n' => value.push('\n'),
        'r' => value.push('\r'),
        't' => value.push('\t'),
        'Z' => value.push('\u{1a}'),
        '%' | '_' => {
            value.push('\\');
            value.push(escaped);
        }
        other => value.push(other),
    }
}

/// Whether the token is this word (unquoted, any case) or this symbol.
pub(crate) fn token_is(token: &Token, word: &str) -> bool {
    match token {
        Token::Word(w) => w.quote_style.is_none() && w.value.eq_ignore_ascii_case(word),
        Token::EOF | Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) | Token::Number(..) => false,
        symbol => !word.starts_with(is_word_part) && symbol.to_string() == word,
    }
}

#[cfg(test)]
mod tests;
