//! A reader over the tokens of one statement: what every statement's `parse` function works with.
//!
//! Words are compared without regard to case and only when unquoted; a "word" may also be a symbol (`"("`, `"="`). Methods
//! named after a thing read it or fail, `optional_…` and `skip` leave the position alone when it is not there. Errors say
//! where reading stopped and what was expected.
//!
//! Spans in the syntax tree hold byte offsets of the statement's text: the line is always 1 and the column is the offset
//! plus 1.

use std::fmt;
use std::ops::Deref;

use base::{Error, Result};
use sqlparser::ast::{Expr, Query};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

use crate::dialect::StarRocksDialect;
use crate::hint::{self, Hint};
use crate::lexer::{Lexeme, Lexer, Pipes, token_is};
use crate::syntax_error;
use crate::{adapt, depth};

static DIALECT: StarRocksDialect = StarRocksDialect;

pub struct Cursor<'a> {
    source: &'a str,
    pub(crate) parser: Parser<'static>,
    /// Byte ranges of the parser's tokens.
    ranges: Vec<(usize, usize)>,
    hints: Vec<Hint>,
}

/// A position to measure text from or to go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(usize);

impl Mark {
    /// The first token of the statement.
    pub const START: Mark = Mark(0);
}

/// Where something stands in the statement's text: line and column from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

/// A clause with the place of its first word, for errors that are found after parsing.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed<T> {
    pub value: T,
    pub position: Position,
}

impl<T> Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'a> Cursor<'a> {
    /// Reads the tokens of one statement.
    ///
    /// # Errors
    /// `Parse` when a string, name or comment is not closed, or brackets nest too deeply.
    pub fn new(sql: &'a str) -> Result<Self> {
        Self::with_pipes(sql, Pipes::Or)
    }

    /// Like [`Cursor::new`], with the meaning of `||` that the session's `sql_mode` asks for.
    pub fn with_pipes(sql: &'a str, pipes: Pipes) -> Result<Self> {
        let (mut lexemes, texts) = Lexer::new(sql, pipes).read_all()?;
        depth::check(&lexemes)?;
        depth::reserve_stack();
        let mut hints = texts.into_iter().map(hint::parse).collect::<Result<Vec<_>>>()?;
        hints.extend(hint::take_join_hints(&mut lexemes));
        let lexemes = adapt::null_treatment(adapt::time_travel(lexemes));
        let ranges = lexemes.iter().map(|lexeme| (lexeme.start, lexeme.end)).collect();
        let tokens = lexemes.into_iter().map(with_span).collect();
        let parser =
            Parser::new(&DIALECT).with_recursion_limit(depth::RECURSION_MAX).with_tokens_with_locations(tokens);
        Ok(Cursor { source: sql, parser, ranges, hints })
    }

    /// The statement's text.
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// The hints of the whole statement, wherever they stand.
    pub fn hints(&self) -> &[Hint] {
        &self.hints
    }

    pub fn starts_with(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(n, word)| token_is(&self.parser.peek_nth_token_ref(n).token, word))
    }

    /// Consumes the words if they all follow.
    pub fn skip(&mut self, words: &[&str]) -> bool {
        let found = self.starts_with(words);
        if found {
            words.iter().for_each(|_| self.parser.advance_token());
        }
        found
    }

    /// Consumes the first of the words that follows.
    pub fn skip_one_of<'w>(&mut self, words: &[&'w str]) -> Option<&'w str> {
        words.iter().copied().find(|word| self.skip(&[word]))
    }

    /// Consumes the words; fails at the first that does not follow.
    pub fn expect(&mut self, words: &[&str]) -> Result<()> {
        for word in words {
            if !self.skip(&[word]) {
                return Err(self.unexpected(word));
            }
        }
        Ok(())
    }

    pub fn expect_one_of<'w>(&mut self, words: &[&'w str]) -> Result<&'w str> {
        self.skip_one_of(words).ok_or_else(|| self.unexpected(&words.join(" or ")))
    }

    pub fn at_end(&self) -> bool {
        let mut n = 0;
        while self.parser.peek_nth_token_ref(n).token == Token::SemiColon {
            n += 1;
        }
        self.parser.peek_nth_token_ref(n).token == Token::EOF
    }

    /// Fails unless nothing but `;` is left.
    pub fn expect_end(&mut self) -> Result<()> {
        if self.at_end() { Ok(()) } else { Err(self.unexpected("the end of the statement")) }
    }

    /// Reads `(item, item, …)` with at least one item.
    pub fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.expect(&["("])?;
        let items = self.comma_separated(&mut item)?;
        self.expect(&[")"])?;
        Ok(items)
    }

    /// Reads `item, item, …` with at least one item.
    pub fn comma_separated<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.skip(&[","]) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    pub fn expr(&mut self) -> Result<Expr> {
        self.parsed(Parser::parse_expr)
    }

    /// Expressions separated by commas, at least one.
    pub fn exprs(&mut self) -> Result<Vec<Expr>> {
        self.comma_separated(Self::expr)
    }

    /// Whether a query follows, possibly in parentheses.
    pub fn starts_query(&self) -> bool {
        let mut n = 0;
        while self.parser.peek_nth_token_ref(n).token == Token::LParen {
            n += 1;
        }
        let first = &self.parser.peek_nth_token_ref(n).token;
        ["SELECT", "WITH", "VALUES"].iter().any(|word| token_is(first, word))
    }

    /// A SELECT, WITH or VALUES, possibly in parentheses.
    pub fn query(&mut self) -> Result<Box<Query>> {
        if !self.starts_query() {
            return Err(self.unexpected("a query (SELECT, WITH, VALUES)"));
        }
        let start = self.mark();
        let query = self.parsed(Parser::parse_query)?;
        if !crate::query::reads_only(&query) {
            self.rewind(start);
            return Err(self.unexpected("a query that only reads"));
        }
        crate::query::balanced(query).ok_or_else(syntax_error::too_deep)
    }

    /// Reads with sqlparser and turns its error into ours.
    pub(crate) fn parsed<T>(
        &mut self,
        parse: impl FnOnce(&mut Parser<'static>) -> Result<T, ParserError>,
    ) -> Result<T> {
        let start = self.mark();
        match parse(&mut self.parser) {
            Ok(parsed) => Ok(parsed),
            Err(ParserError::RecursionLimitExceeded) => Err(syntax_error::too_deep()),
            Err(error) => {
                let error = syntax_error::from_parser(self.source, self.offset(), error);
                Err(self.error_in_subquery(start).unwrap_or(error))
            }
        }
    }

    /// The error of the innermost subquery that is wrong by itself.
    ///
    /// Where a bracket may hold a query or something else, the parser tries both and reports the second failure, which says
    /// nothing about the query.
    fn error_in_subquery(&mut self, start: Mark) -> Option<Error> {
        let is_query = |at: usize| {
            let word = &self.parser.token_at(at).token;
            at > 0
                && self.parser.token_at(at - 1).token == Token::LParen
                && (token_is(word, "SELECT") || token_is(word, "WITH"))
        };
        let subqueries: Vec<usize> = (start.0..self.ranges.len()).filter(|&at| is_query(at)).collect();
        for at in subqueries.into_iter().rev().take(depth::QUERY_DEPTH_MAX) {
            self.rewind(Mark(at));
            while self.parser.index() < at {
                self.parser.advance_token();
            }
            match self.parser.parse_query() {
                Err(error) => return Some(syntax_error::from_parser(self.source, self.offset(), error)),
                Ok(_) if *self.peek() != Token::RParen => return Some(self.unexpected("a clause of the query or )")),
                Ok(_) => {}
            }
        }
        None
    }

    pub(crate) fn peek(&self) -> &Token {
        &self.parser.peek_token_ref().token
    }

    pub(crate) fn advance(&mut self) {
        self.parser.advance_token();
    }

    pub fn mark(&self) -> Mark {
        Mark(self.parser.index())
    }

    /// Goes back to an earlier position.
    pub fn rewind(&mut self, mark: Mark) {
        while self.parser.index() > mark.0 {
            self.parser.prev_token();
        }
    }

    /// The source text from the mark to the last token read, exactly as written.
    pub fn text_since(&self, mark: Mark) -> &'a str {
        let last = self.parser.index().min(self.ranges.len());
        match (self.ranges.get(mark.0), last.checked_sub(1).and_then(|last| self.ranges.get(last))) {
            (Some(&(start, _)), Some(&(_, end))) if start < end => &self.source[start..end],
            _ => "",
        }
    }

    /// Consumes and returns the source text of everything that is left, without a `;` at its end.
    pub fn rest(&mut self) -> &'a str {
        let start = self.mark();
        while !self.at_end() {
            self.parser.advance_token();
        }
        self.text_since(start)
    }

    /// Byte offset of the next token, or of the end of the text.
    pub fn offset(&self) -> usize {
        self.ranges.get(self.parser.index()).map_or(self.source.trim_end().len(), |&(start, _)| start)
    }

    /// Line and column of the next token.
    pub fn position(&self) -> Position {
        let (line, column) = syntax_error::line_and_column(self.source, self.offset());
        Position { line, column }
    }

    /// The error for what follows here.
    pub fn unexpected(&self, expected: &str) -> Error {
        syntax_error::at(self.source, self.offset(), expected)
    }

    /// The error for what stood at the mark.
    pub fn unexpected_at(&self, mark: Mark, expected: &str) -> Error {
        let offset = self.ranges.get(mark.0).map_or(self.source.len(), |&(start, _)| start);
        syntax_error::at(self.source, offset, expected)
    }
}

fn with_span(lexeme: Lexeme) -> TokenWithSpan {
    let location = |offset: usize| Location::new(1, offset as u64 + 1);
    TokenWithSpan::new(lexeme.token, Span::new(location(lexeme.start), location(lexeme.end)))
}

#[cfg(test)]
mod tests;
