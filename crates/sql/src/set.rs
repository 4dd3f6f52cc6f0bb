//! SET in all the forms that clients send: variables, user variables, NAMES, CHARACTER SET, TRANSACTION, PASSWORD.

use base::Result;
use sqlparser::ast::{Expr, Value};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use crate::{Cursor, UserName};

/// One of the assignments of a SET statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Assignment {
    Variable {
        scope: Scope,
        /// In lower case.
        name: String,
        value: SetValue,
    },
    /// `@name`, without the sign, in lower case.
    UserVariable { name: String, value: Expr },
    /// `NAMES charset [COLLATE collation]`; `None` for DEFAULT.
    Names { charset: Option<String>, collation: Option<String> },
    /// `CHARACTER SET charset`; `None` for DEFAULT.
    CharacterSet(Option<String>),
    Transaction {
        scope: Scope,
        /// `READ-COMMITTED` and so on, as the variable has it.
        isolation: Option<String>,
        read_only: Option<bool>,
    },
    /// `PASSWORD [FOR user] = …`; `None` is the current user.
    Password { user: Option<UserName>, password: Password },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Session,
    Global,
}

#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a few values a statement")]
pub enum SetValue {
    /// A bare word (`ON`, `utf8`) arrives as a text.
    Expr(Expr),
    Default,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Password {
    /// `PASSWORD('text')`.
    Plain(String),
    /// `'*hash'`.
    Hashed(String),
}

/// Reads the whole statement from the word SET on; at least one assignment.
pub fn parse(cursor: &mut Cursor<'_>) -> Result<Vec<Assignment>> {
    cursor.expect(&["SET"])?;
    let assignments = cursor.comma_separated(assignment)?;
    cursor.expect_end()?;
    Ok(assignments)
}

fn assignment(cursor: &mut Cursor<'_>) -> Result<Assignment> {
    if cursor.starts_with(&["NAMES"]) && !followed_by_equals(cursor) {
        cursor.advance();
        let charset = charset(cursor)?;
        let collation = if cursor.skip(&["COLLATE"]) { Some(cursor.identifier()?) } else { None };
        return Ok(Assignment::Names { charset, collation });
    }
    if cursor.skip(&["CHARACTER", "SET"]) || cursor.skip(&["CHAR", "SET"]) || charset_word(cursor) {
        return charset(cursor).map(Assignment::CharacterSet);
    }
    if cursor.starts_with(&["PASSWORD"]) {
        cursor.advance();
        return password(cursor);
    }
    if let Some(name) = user_variable(cursor) {
        equals(cursor)?;
        return Ok(Assignment::UserVariable { name, value: cursor.expr()? });
    }
    let scope = match cursor.skip_one_of(&["GLOBAL", "SESSION", "LOCAL"]) {
        Some("GLOBAL") => Some(Scope::Global),
        Some(_) => Some(Scope::Session),
        None => None,
    };
    if cursor.starts_with(&["TRANSACTION"]) && !followed_by_equals(cursor) {
        cursor.advance();
        return transaction(cursor, scope.unwrap_or(Scope::Session));
    }
    let (scope, name) = match scope {
        Some(scope) => (scope, cursor.identifier()?),
        None => system_variable(cursor)?,
    };
    equals(cursor)?;
    Ok(Assignment::Variable { scope, name: name.to_lowercase(), value: value(cursor)? })
}

fn followed_by_equals(cursor: &Cursor<'_>) -> bool {
    matches!(cursor.parser.peek_nth_token_ref(1).token, Token::Eq | Token::Assignment)
}

fn charset_word(cursor: &mut Cursor<'_>) -> bool {
    cursor.starts_with(&["CHARSET"]) && !followed_by_equals(cursor) && cursor.skip(&["CHARSET"])
}

/// A character set's name, `None` for DEFAULT.
fn charset(cursor: &mut Cursor<'_>) -> Result<Option<String>> {
    if cursor.skip(&["DEFAULT"]) { Ok(None) } else { cursor.identifier().map(Some) }
}

fn user_variable(cursor: &mut Cursor<'_>) -> Option<String> {
    let Token::Word(word) = cursor.peek() else { return None };
    let name = word.value.strip_prefix('@').filter(|name| word.quote_style.is_none() && !name.starts_with('@'))?;
    let name = name.to_lowercase();
    cursor.advance();
    Some(name)
}

/// `name`, `@@name`, `@@session.name`, `@@global.name`.
fn system_variable(cursor: &mut Cursor<'_>) -> Result<(Scope, String)> {
    let signed = match cursor.peek() {
        Token::Word(word) if word.quote_style.is_none() => word.value.strip_prefix("@@").map(str::to_owned),
        _ => None,
    };
    let Some(first) = signed else { return Ok((Scope::Session, cursor.identifier()?)) };
    cursor.advance();
    if !cursor.skip(&["."]) {
        return Ok((Scope::Session, first));
    }
    match first.to_lowercase().as_str() {
        "session" | "local" => Ok((Scope::Session, cursor.identifier()?)),
        "global" => Ok((Scope::Global, cursor.identifier()?)),
        _ => Err(cursor.unexpected("a variable of @@session or @@global")),
    }
}

fn equals(cursor: &mut Cursor<'_>) -> Result<()> {
    if cursor.skip(&[":="]) { Ok(()) } else { cursor.expect(&["="]) }
}

fn value(cursor: &mut Cursor<'_>) -> Result<SetValue> {
    if cursor.skip(&["DEFAULT"]) {
        return Ok(SetValue::Default);
    }
    if let Token::Word(word) = cursor.peek()
        && !word.value.starts_with('@')
        && !matches!(word.keyword, Keyword::NULL | Keyword::TRUE | Keyword::FALSE)
        && matches!(cursor.parser.peek_nth_token_ref(1).token, Token::Comma | Token::SemiColon | Token::EOF)
    {
        let text = word.value.clone();
        cursor.advance();
        return Ok(SetValue::Expr(Expr::value(Value::SingleQuotedString(text))));
    }
    cursor.expr().map(SetValue::Expr)
}

fn transaction(cursor: &mut Cursor<'_>, scope: Scope) -> Result<Assignment> {
    let (mut isolation, mut read_only) = (None, None);
    loop {
        if isolation.is_none() && cursor.skip(&["ISOLATION", "LEVEL"]) {
            isolation = Some(isolation_level(cursor)?);
        } else if read_only.is_none() && cursor.skip(&["READ"]) {
            read_only = Some(cursor.expect_one_of(&["ONLY", "WRITE"])? == "ONLY");
        } else {
            return Err(cursor.unexpected("ISOLATION LEVEL, READ ONLY or READ WRITE"));
        }
        if !cursor.skip(&[","]) {
            return Ok(Assignment::Transaction { scope, isolation, read_only });
        }
    }
}

fn isolation_level(cursor: &mut Cursor<'_>) -> Result<String> {
    let levels: [&[&str]; 4] =
        [&["READ", "UNCOMMITTED"], &["READ", "COMMITTED"], &["REPEATABLE", "READ"], &["SERIALIZABLE"]];
    let level = levels.into_iter().find(|words| cursor.skip(words));
    level.map(|words| words.join("-")).ok_or_else(|| cursor.unexpected("an isolation level"))
}

fn password(cursor: &mut Cursor<'_>) -> Result<Assignment> {
    let user = if cursor.skip(&["FOR"]) { Some(cursor.user()?) } else { None };
    equals(cursor)?;
    let password = if cursor.skip(&["PASSWORD", "("]) {
        let text = cursor.string()?;
        cursor.expect(&[")"])?;
        Password::Plain(text)
    } else {
        Password::Hashed(cursor.string()?)
    };
    Ok(Assignment::Password { user, password })
}

#[cfg(test)]
mod tests;
