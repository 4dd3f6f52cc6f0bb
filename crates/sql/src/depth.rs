//! Refuses statements whose syntax tree would be too deep to walk, before the parser builds it.
//!
//! The parser builds `1+1+1+…` and `SELECT … UNION SELECT …` in a loop, so its own recursion limit does not see them, but
//! everything that later walks, copies or drops the tree recurses. The bound is computed from the tokens: at each level of
//! brackets, operators since the last separator plus the deepest bracket among them.

use base::Result;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use crate::lexer::Lexeme;
use crate::syntax_error;

/// Nesting that the parser may recurse into: brackets, subqueries, unary operators.
pub(crate) const RECURSION_MAX: usize = 256;

/// Deepest expression that is let through. Chains of AND and OR do not count: the dialect balances them.
const TREE_DEPTH_MAX: usize = 500;

/// Queries within queries (MySQL's limit).
pub(crate) const QUERY_DEPTH_MAX: usize = 63;

/// `((SELECT …` within `((SELECT …`: each is read twice, as a query and as something else, before an error is certain.
const DOUBLED_DEPTH_MAX: usize = 8;

/// UNION, EXCEPT, INTERSECT in one query. Long chains of UNION are balanced after parsing.
const SET_OPERATORS_MAX: usize = 2000;

/// `ARRAY<MAP<…` nests without brackets that the parser would count.
const TYPE_DEPTH_MAX: usize = 32;

/// What the parser may use of the stack between two places where it checks for room (unoptimised builds need 150 KiB; the
/// default of 128 KiB would overflow).
const STACK_BYTES_MIN: usize = 512 << 10;

/// Makes the parser, and whatever else grows its stack on demand, grow it early enough.
///
/// Process-wide and idempotent.
pub(crate) fn reserve_stack() {
    if recursive::get_minimum_stack_size() < STACK_BYTES_MIN {
        recursive::set_minimum_stack_size(STACK_BYTES_MIN);
    }
}

/// What is known about one level of brackets.
#[derive(Default)]
struct Level {
    /// Operators since the last separator.
    operators: usize,
    /// The deepest bracket since the last separator.
    inner: usize,
    /// The deepest stretch between separators so far.
    deepest: usize,
    set_operators: usize,
    is_query: bool,
    /// Opened by the second of two brackets in a row.
    doubled: bool,
}

impl Level {
    fn separate(&mut self) {
        self.deepest = self.deepest.max(self.operators + self.inner);
        self.operators = 0;
        self.inner = 0;
    }

    fn depth(mut self) -> usize {
        self.separate();
        self.deepest
    }
}

pub(crate) fn check(lexemes: &[Lexeme]) -> Result<()> {
    let mut levels = vec![Level::default()];
    let mut type_depth = 0;
    let (mut query_depth, mut doubled_depth) = (0, 0);
    let mut previous = &Token::EOF;
    for lexeme in lexemes {
        let nested = levels.len() > 1;
        let level = levels.last_mut().expect("the outermost level is never closed");
        match &lexeme.token {
            Token::LParen | Token::LBracket | Token::LBrace => {
                levels.push(Level { doubled: *previous == Token::LParen, ..Level::default() });
            }
            Token::RParen | Token::RBracket | Token::RBrace if nested => {
                let closed = levels.pop().unwrap_or_default();
                query_depth -= usize::from(closed.is_query);
                doubled_depth -= usize::from(closed.is_query && closed.doubled);
                let depth = closed.depth();
                let outer = levels.last_mut().expect("the outermost level is never closed");
                outer.inner = outer.inner.max(depth + 1);
            }
            Token::Comma | Token::SemiColon => level.separate(),
            Token::Lt if opens_type(previous) => {
                type_depth += 1;
                if type_depth > TYPE_DEPTH_MAX {
                    return Err(syntax_error::too_deep());
                }
            }
            Token::Word(word) if word.quote_style.is_none() => {
                if word.keyword == Keyword::SELECT && !std::mem::replace(&mut level.is_query, true) {
                    query_depth += 1;
                    doubled_depth += usize::from(level.doubled);
                }
                count_word(level, word.keyword);
            }
            token if is_operator(token) => level.operators += 1,
            _ => {}
        }
        if matches!(lexeme.token, Token::RParen | Token::SemiColon) {
            type_depth = 0;
        }
        previous = &lexeme.token;
        let level = levels.last().expect("the outermost level is never closed");
        if levels.len() > RECURSION_MAX
            || query_depth > QUERY_DEPTH_MAX
            || doubled_depth > DOUBLED_DEPTH_MAX
            || level.operators + level.inner > TREE_DEPTH_MAX
            || level.set_operators > SET_OPERATORS_MAX
        {
            return Err(syntax_error::too_deep());
        }
    }
    Ok(())
}

fn opens_type(previous: &Token) -> bool {
    matches!(previous, Token::Word(w) if matches!(w.keyword, Keyword::ARRAY | Keyword::MAP | Keyword::STRUCT))
}

fn count_word(level: &mut Level, keyword: Keyword) {
    use Keyword as K;
    match keyword {
        K::UNION | K::EXCEPT | K::INTERSECT | K::MINUS => {
            level.separate();
            level.set_operators += 1;
        }
        K::AND
        | K::OR
        | K::SELECT
        | K::FROM
        | K::WHERE
        | K::GROUP
        | K::HAVING
        | K::ORDER
        | K::LIMIT
        | K::WHEN
        | K::THEN
        | K::ELSE
        | K::ON
        | K::JOIN
        | K::SET => level.separate(),
        K::DIV | K::XOR | K::IS | K::IN | K::LIKE | K::RLIKE | K::REGEXP | K::BETWEEN | K::NOT | K::COLLATE => {
            level.operators += 1;
        }
        _ => {}
    }
}

fn is_operator(token: &Token) -> bool {
    matches!(
        token,
        Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::Mod
            | Token::Eq
            | Token::Neq
            | Token::Lt
            | Token::LtEq
            | Token::Gt
            | Token::GtEq
            | Token::Spaceship
            | Token::Pipe
            | Token::Ampersand
            | Token::Caret
            | Token::Tilde
            | Token::ExclamationMark
            | Token::ShiftLeft
            | Token::ShiftRight
            | Token::StringConcat
            | Token::Arrow
            | Token::LongArrow
            | Token::DoubleColon
            | Token::Assignment
    )
}

#[cfg(test)]
mod tests;
