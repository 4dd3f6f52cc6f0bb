//! Small clauses that many statements share, as methods of the [`Cursor`]: names, texts, numbers, PROPERTIES, COMMENT.

use std::fmt;

use base::{Error, Result};
use sqlparser::ast::{self, Expr, ObjectNamePart};
use sqlparser::keywords::{Keyword, RESERVED_FOR_TABLE_ALIAS};
use sqlparser::tokenizer::Token;

use crate::types::{self, TypeName};
use crate::{Cursor, quote};

/// `[[catalog.]database.]name`, without quotes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectName {
    pub catalog: Option<String>,
    pub database: Option<String>,
    pub name: String,
}

impl ObjectName {
    /// From one to three parts; `None` for any other number.
    pub fn from_parts(parts: Vec<String>) -> Option<Self> {
        let mut parts = parts.into_iter().rev();
        let name = ObjectName { name: parts.next()?, database: parts.next(), catalog: parts.next() };
        parts.next().is_none().then_some(name)
    }

    /// From a name in a query's syntax tree; `None` when it has more than three parts or is no plain name.
    pub fn from_ast(name: &ast::ObjectName) -> Option<Self> {
        let parts = name.0.iter().map(|part| match part {
            ObjectNamePart::Identifier(ident) => Some(ident.value.clone()),
            ObjectNamePart::Function(_) => None,
        });
        Self::from_parts(parts.collect::<Option<Vec<_>>>()?)
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.catalog, &self.database].into_iter().flatten().chain([&self.name]);
        let quoted: Vec<String> = parts.map(|part| quote::identifier(part)).collect();
        f.write_str(&quoted.join("."))
    }
}

/// `'user'@'host'`; without a host any host is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserName {
    pub name: String,
    pub host: Option<String>,
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", quote::string(&self.name), quote::string(self.host.as_deref().unwrap_or("%")))
    }
}

/// What a SHOW statement is narrowed to.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one value a statement")]
pub enum ShowFilter {
    All,
    /// A LIKE pattern with `%`, `_` and backslash escapes.
    Like(String),
    Where(Expr),
}

impl Cursor<'_> {
    /// A name: unquoted, in back-ticks, or (as clients write them) in quotes.
    pub fn identifier(&mut self) -> Result<String> {
        self.optional_identifier().ok_or_else(|| self.unexpected("a name"))
    }

    pub fn optional_identifier(&mut self) -> Option<String> {
        let name = match self.peek() {
            Token::Word(word) if !(word.quote_style.is_none() && word.value.starts_with('@')) => word.value.clone(),
            Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) => text.clone(),
            _ => return None,
        };
        self.advance();
        Some(name)
    }

    /// A name with up to two qualifiers.
    pub fn name(&mut self) -> Result<ObjectName> {
        let start = self.mark();
        let mut parts = vec![self.identifier()?];
        while self.skip(&["."]) {
            parts.push(self.identifier()?);
        }
        ObjectName::from_parts(parts).ok_or_else(|| self.unexpected_at(start, "a name of at most three parts"))
    }

    /// `FROM db` or `IN db`, as SHOW statements have it.
    pub fn optional_from(&mut self) -> Result<Option<ObjectName>> {
        match self.skip_one_of(&["FROM", "IN"]) {
            Some(_) => self.name().map(Some),
            None => Ok(None),
        }
    }

    /// `[AS] alias`, where a clause word is no alias.
    pub fn optional_alias(&mut self) -> Result<Option<String>> {
        if self.skip(&["AS"]) {
            return self.identifier().map(Some);
        }
        match self.peek() {
            Token::Word(word) if word.keyword == Keyword::SET || RESERVED_FOR_TABLE_ALIAS.contains(&word.keyword) => {
                Ok(None)
            }
            _ => Ok(self.optional_identifier()),
        }
    }

    pub fn user(&mut self) -> Result<UserName> {
        let name = self.identifier()?;
        let host = match self.peek() {
            Token::Word(word) if word.quote_style.is_none() => word.value.strip_prefix('@').map(str::to_owned),
            _ => None,
        };
        if host.is_some() {
            self.advance();
        }
        Ok(UserName { name, host })
    }

    /// A text in quotes; neighbouring texts are one.
    pub fn string(&mut self) -> Result<String> {
        self.optional_string().ok_or_else(|| self.unexpected("a string in quotes"))
    }

    pub fn optional_string(&mut self) -> Option<String> {
        let mut text: Option<String> = None;
        while let Token::SingleQuotedString(part) | Token::DoubleQuotedString(part) = self.peek() {
            let joined = text.unwrap_or_default() + part;
            text = Some(joined);
            self.advance();
        }
        text
    }

    pub fn integer(&mut self) -> Result<u64> {
        self.optional_integer()?.ok_or_else(|| self.unexpected("a whole number"))
    }

    pub fn optional_integer(&mut self) -> Result<Option<u64>> {
        let Token::Number(digits, _) = self.peek() else { return Ok(None) };
        let number = digits.parse().map_err(|_| self.unexpected("a whole number of at most 64 bits"))?;
        self.advance();
        Ok(Some(number))
    }

    /// A whole number that may be negative.
    pub fn signed_integer(&mut self) -> Result<i64> {
        let start = self.mark();
        let negative = self.skip(&["-"]);
        let number = i128::from(self.integer()?);
        i64::try_from(if negative { -number } else { number })
            .map_err(|_| self.unexpected_at(start, "a whole number of at most 64 bits"))
    }

    pub fn if_exists(&mut self) -> bool {
        self.skip(&["IF", "EXISTS"])
    }

    pub fn if_not_exists(&mut self) -> bool {
        self.skip(&["IF", "NOT", "EXISTS"])
    }

    /// `("k" = "v", …)` after the word PROPERTIES; an empty list is allowed.
    ///
    /// # Errors
    /// `Parse` for anything else; `Invalid` when a key comes twice.
    pub fn properties(&mut self) -> Result<Vec<(String, String)>> {
        self.expect(&["("])?;
        let pairs = self.property_pairs()?;
        self.expect(&[")"])?;
        Ok(pairs)
    }

    /// Properties in parentheses or, as some tools print them, without.
    pub fn properties_perhaps_bare(&mut self) -> Result<Vec<(String, String)>> {
        if self.starts_with(&["("]) { self.properties() } else { self.property_pairs() }
    }

    fn property_pairs(&mut self) -> Result<Vec<(String, String)>> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        while !self.starts_with(&[")"]) {
            let key = self.property_key()?;
            self.expect(&["="])?;
            let value = self.property_value()?;
            if pairs.iter().any(|(known, _)| *known == key) {
                return Err(Error::invalid("a property is given twice").with("property", key));
            }
            pairs.push((key, value));
            if !self.skip(&[","]) {
                break;
            }
        }
        Ok(pairs)
    }

    /// `PROPERTIES (…)` if it follows, otherwise nothing.
    pub fn optional_properties(&mut self) -> Result<Vec<(String, String)>> {
        if self.skip(&["PROPERTIES"]) { self.properties() } else { Ok(Vec::new()) }
    }

    /// Keys are texts; without quotes a dotted word is accepted too.
    fn property_key(&mut self) -> Result<String> {
        if let Some(key) = self.optional_string() {
            return Ok(key);
        }
        let mut key = self.optional_identifier().ok_or_else(|| self.unexpected("a property name in quotes"))?;
        while self.skip(&["."]) {
            key = format!("{key}.{}", self.identifier()?);
        }
        Ok(key)
    }

    /// Values are texts; numbers and words without quotes are accepted too.
    fn property_value(&mut self) -> Result<String> {
        if let Some(text) = self.optional_string() {
            return Ok(text);
        }
        let start = self.mark();
        self.skip(&["-"]);
        match self.peek() {
            Token::Number(..) | Token::Word(_) => self.advance(),
            _ => return Err(self.unexpected("a property value in quotes")),
        }
        Ok(self.text_since(start).to_owned())
    }

    /// `COMMENT 'text'` or `COMMENT = 'text'`.
    pub fn comment(&mut self) -> Result<Option<String>> {
        if !self.skip(&["COMMENT"]) {
            return Ok(None);
        }
        self.skip(&["="]);
        self.string().map(Some)
    }

    /// `(a, b, c)`.
    pub fn columns(&mut self) -> Result<Vec<String>> {
        self.list(Self::identifier)
    }

    /// `LIKE 'pattern'`, `WHERE condition` or nothing.
    pub fn like_or_where(&mut self) -> Result<ShowFilter> {
        if self.skip(&["LIKE"]) {
            return self.string().map(ShowFilter::Like);
        }
        if self.skip(&["WHERE"]) {
            return self.expr().map(ShowFilter::Where);
        }
        Ok(ShowFilter::All)
    }

    /// `ORDER BY expr [ASC|DESC], …`: each expression and whether it is descending; empty when the clause is missing.
    pub fn optional_order_by(&mut self) -> Result<Vec<(Expr, bool)>> {
        if !self.skip(&["ORDER", "BY"]) {
            return Ok(Vec::new());
        }
        self.comma_separated(|cursor| {
            let expr = cursor.expr()?;
            Ok((expr, cursor.skip_one_of(&["ASC", "DESC"]) == Some("DESC")))
        })
    }

    /// `LIMIT count`, `LIMIT offset, count` or `LIMIT count OFFSET offset`, as (offset, count).
    pub fn optional_limit(&mut self) -> Result<Option<(u64, u64)>> {
        if !self.skip(&["LIMIT"]) {
            return Ok(None);
        }
        let first = self.integer()?;
        if self.skip(&[","]) {
            return Ok(Some((first, self.integer()?)));
        }
        let offset = if self.skip(&["OFFSET"]) { self.integer()? } else { 0 };
        Ok(Some((offset, first)))
    }

    pub fn type_name(&mut self) -> Result<TypeName> {
        self.parsed(types::type_name)
    }
}
