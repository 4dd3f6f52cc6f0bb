//! Where StarRocks' expressions and queries differ from what sqlparser reads as MySQL.
//!
//! [`Dialect::dialect`] answers with the MySQL dialect's type id, so every MySQL branch inside the parser stays on. This
//! file adds: operator precedence as MySQL documents it, `DIV`, `MOD`, `!`, JSON arrows beside lambdas, nested types in
//! casts, and ordinary function calls for names that sqlparser would give a node of their own.
//!
//! AND and OR chains are built as balanced trees when long, so that thousands of terms stay shallow.

use std::any::TypeId;

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArguments, Ident, LambdaFunction,
    LambdaFunctionParameter, LambdaSyntax, Map, MapEntry, ObjectName, OneOrManyWithParens, UnaryOperator,
};
use sqlparser::dialect::{Dialect, MySqlDialect, Precedence};
use sqlparser::keywords::{Keyword, RESERVED_FOR_COLUMN_ALIAS};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Word};

use crate::types;

/// The one dialect. What `||` means is decided by the lexer.
#[derive(Debug)]
pub(crate) struct StarRocksDialect;

const MYSQL: MySqlDialect = MySqlDialect {};

/// Binding strengths that sqlparser's scale has no step for (its `*` is 40, `+` 30, `&` 23, `|` 21, `=` 20, AND 10, OR 5).
const PREC_ARROW: u8 = 60;
const PREC_UNARY: u8 = 48;
const PREC_CONCAT: u8 = 47;
const PREC_XOR_BITS: u8 = 45;
const PREC_SHIFT: u8 = 26;
const PREC_COMPARISON: u8 = 20;
const PREC_XOR: u8 = 7;

/// Shorter chains keep the shape that people and rules expect.
const CHAIN_BALANCED_MIN: usize = 64;

/// Words that cannot start an expression, so that a missing one is reported where it is missing.
const NOT_AN_EXPRESSION: [Keyword; 25] = [
    Keyword::SELECT,
    Keyword::FROM,
    Keyword::WHERE,
    Keyword::GROUP,
    Keyword::HAVING,
    Keyword::ORDER,
    Keyword::LIMIT,
    Keyword::UNION,
    Keyword::EXCEPT,
    Keyword::INTERSECT,
    Keyword::JOIN,
    Keyword::ON,
    Keyword::USING,
    Keyword::AS,
    Keyword::AND,
    Keyword::OR,
    Keyword::XOR,
    Keyword::BY,
    Keyword::IN,
    Keyword::LIKE,
    Keyword::BETWEEN,
    Keyword::IS,
    Keyword::WHEN,
    Keyword::THEN,
    Keyword::ELSE,
];

macro_rules! as_mysql {
    ($($flag:ident),* $(,)?) => { $(fn $flag(&self) -> bool { MYSQL.$flag() })* };
}

macro_rules! beyond_mysql {
    ($($flag:ident),* $(,)?) => { $(fn $flag(&self) -> bool { true })* };
}

impl Dialect for StarRocksDialect {
    fn dialect(&self) -> TypeId {
        TypeId::of::<MySqlDialect>()
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        MYSQL.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        MYSQL.is_identifier_part(ch)
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '`'
    }

    fn identifier_quote_style(&self, _identifier: &str) -> Option<char> {
        Some('`')
    }

    as_mysql! {
        supports_string_literal_backslash_escape, supports_string_literal_concatenation, ignores_wildcard_escapes,
        supports_numeric_prefix, supports_bitwise_shift_operators, require_interval_qualifier, supports_limit_comma,
        supports_select_modifiers, supports_cross_join_constraint,
        supports_data_type_signed_suffix, supports_binary_kw_as_cast, supports_table_hints,
    }

    beyond_mysql! {
        supports_group_by_expr, supports_group_by_with_modifier,
        supports_table_versioning, supports_window_function_null_treatment_arg, supports_select_wildcard_except,
        supports_select_wildcard_exclude, supports_filter_during_aggregation, supports_subquery_as_function_arg,
        supports_order_by_all, supports_parens_around_table_factor, supports_within_after_array_aggregation,
    }

    fn is_table_factor_alias(&self, explicit: bool, keyword: &Keyword, parser: &mut Parser) -> bool {
        explicit || *keyword != Keyword::MINUS && MYSQL.is_table_factor_alias(explicit, keyword, parser)
    }

    fn is_column_alias(&self, keyword: &Keyword, _parser: &mut Parser) -> bool {
        *keyword != Keyword::MINUS && !RESERVED_FOR_COLUMN_ALIAS.contains(keyword)
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        match precedence {
            Precedence::Like | Precedence::Is => PREC_COMPARISON,
            Precedence::Xor => PREC_XOR,
            other => MYSQL.prec_value(other),
        }
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        let precedence = match &parser.peek_token_ref().token {
            Token::Word(word) if is_mod(word) => MYSQL.prec_value(Precedence::MulDivModOp),
            Token::Arrow | Token::LongArrow => PREC_ARROW,
            Token::StringConcat => PREC_CONCAT,
            Token::Caret => PREC_XOR_BITS,
            Token::ShiftLeft | Token::ShiftRight => PREC_SHIFT,
            // sqlparser would look for MATCH as SQLite has it.
            Token::Word(word) if word.keyword == Keyword::MATCH => 0,
            // Map literals are the only place for a colon.
            Token::Colon => 0,
            _ => return None,
        };
        Some(Ok(precedence))
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        match &parser.peek_token_ref().token {
            Token::Number(..) | Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) => {
                Some(parser.parse_value().map(Expr::Value))
            }
            Token::ExclamationMark => Some(unary(parser, UnaryOperator::Not).map(|e| Expr::Nested(Box::new(e)))),
            Token::Minus => Some(unary(parser, UnaryOperator::Minus)),
            Token::Plus => Some(unary(parser, UnaryOperator::Plus)),
            Token::Tilde => Some(unary(parser, UnaryOperator::BitwiseNot)),
            Token::LParen => lambda_params(parser).map(|params| lambda(parser, OneOrManyWithParens::Many(params))),
            Token::Word(word) => {
                let word = word.clone();
                word_prefix(parser, word)
            }
            _ => None,
        }
    }

    fn parse_infix(&self, parser: &mut Parser, left: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        let Token::Word(word) = &parser.peek_token_ref().token else { return None };
        let op = match word.keyword {
            Keyword::AND => return Some(chain(parser, left, precedence, Keyword::AND)),
            Keyword::OR => return Some(chain(parser, left, precedence, Keyword::OR)),
            Keyword::DIV => BinaryOperator::MyIntegerDivide,
            _ if is_mod(word) => BinaryOperator::Modulo,
            _ => return None,
        };
        parser.advance_token();
        Some(parser.parse_subexpr(precedence).map(|right| binary(left.clone(), op, right)))
    }
}

fn is_mod(word: &Word) -> bool {
    word.quote_style.is_none() && word.value.eq_ignore_ascii_case("mod")
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

fn unary(parser: &mut Parser, op: UnaryOperator) -> Result<Expr, ParserError> {
    parser.advance_token();
    Ok(Expr::UnaryOp { op, expr: Box::new(parser.parse_subexpr(PREC_UNARY)?) })
}

/// Reads all terms of `a AND b AND c …` (or OR) at once.
fn chain(parser: &mut Parser, first: &Expr, precedence: u8, keyword: Keyword) -> Result<Expr, ParserError> {
    let mut terms = vec![first.clone()];
    while parser.parse_keyword(keyword) {
        terms.push(parser.parse_subexpr(precedence)?);
    }
    let op = || if keyword == Keyword::AND { BinaryOperator::And } else { BinaryOperator::Or };
    if terms.len() >= CHAIN_BALANCED_MIN {
        return Ok(balance(terms, &op));
    }
    Ok(terms.into_iter().reduce(|left, right| binary(left, op(), right)).expect("a chain has its first term"))
}

fn balance(mut terms: Vec<Expr>, op: &dyn Fn() -> BinaryOperator) -> Expr {
    if terms.len() == 1 {
        return terms.remove(0);
    }
    let right = terms.split_off(terms.len() / 2);
    binary(balance(terms, op), op(), balance(right, op))
}

/// Decides by the word and the token after it; `None` leaves the rest to the parser.
///
/// Whatever is decided here is final. The parser's own way, trying a special form and then a name, takes exponential time
/// when forms are nested and the innermost is wrong.
fn word_prefix(parser: &mut Parser, word: Word) -> Option<Result<Expr, ParserError>> {
    let next = &parser.peek_nth_token_ref(1).token;
    let call = *next == Token::LParen;
    let text_follows = matches!(next, Token::SingleQuotedString(_) | Token::DoubleQuotedString(_));
    if word.quote_style.is_some() || word.keyword == Keyword::NoKeyword {
        return plain_word(parser, word);
    }
    match word.keyword {
        Keyword::CASE => Some(after_word(parser, Parser::parse_case_expr)),
        Keyword::NOT => Some(after_word(parser, Parser::parse_not)),
        Keyword::INTERVAL => Some(after_word(parser, Parser::parse_interval)),
        Keyword::EXISTS if call => Some(after_word(parser, |p| p.parse_exists_expr(false))),
        Keyword::CAST if call => Some(after_word(parser, cast)),
        Keyword::CONVERT if call => Some(after_word(parser, convert)),
        Keyword::EXTRACT if call => Some(after_word(parser, Parser::parse_extract_expr)),
        Keyword::TRIM if call && has_special_syntax(parser) => Some(after_word(parser, Parser::parse_trim_expr)),
        Keyword::SUBSTRING | Keyword::SUBSTR if call && has_special_syntax(parser) => Some(parser.parse_substring()),
        Keyword::POSITION if call && has_special_syntax(parser) => {
            let ident = take_ident(parser, word);
            Some(parser.parse_position_expr(ident))
        }
        Keyword::BINARY if !call && starts_expression(next) || word.keyword == Keyword::BINARY && call => {
            Some(after_word(parser, binary_cast))
        }
        Keyword::ARRAY | Keyword::MAP | Keyword::STRUCT if *next == Token::Lt => Some(typed_literal(parser)),
        Keyword::ARRAY if *next == Token::LBracket => Some(after_word(parser, array_literal)),
        Keyword::MAP if *next == Token::LBrace => Some(after_word(parser, map_literal)),
        Keyword::TRUE | Keyword::FALSE | Keyword::NULL => None,
        Keyword::CURRENT_DATE
        | Keyword::CURRENT_TIME
        | Keyword::CURRENT_TIMESTAMP
        | Keyword::LOCALTIME
        | Keyword::LOCALTIMESTAMP
            if !call =>
        {
            None
        }
        Keyword::DATE | Keyword::DATETIME | Keyword::TIMESTAMP | Keyword::TIME if text_follows => None,
        keyword if NOT_AN_EXPRESSION.contains(&keyword) => {
            Some(parser.expected_ref("an expression", parser.peek_token_ref()))
        }
        _ => plain_word(parser, word),
    }
}

/// Functions that MySQL calls without brackets and sqlparser does not know.
const BARE_FUNCTIONS: [&str; 4] = ["CURRENT_USER", "UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP"];

/// A column, a function call, or a lambda's parameter.
fn plain_word(parser: &mut Parser, word: Word) -> Option<Result<Expr, ParserError>> {
    let after = &parser.peek_nth_token_ref(2).token;
    match &parser.peek_nth_token_ref(1).token {
        Token::LParen => {
            let ident = take_ident(parser, word);
            Some(parser.parse_function(ObjectName::from(vec![ident])))
        }
        // `j->'$.a'` reads JSON, `x -> x + 1` is a lambda.
        Token::Arrow if !matches!(after, Token::SingleQuotedString(_) | Token::DoubleQuotedString(_)) => {
            let name = take_ident(parser, word);
            Some(lambda(parser, OneOrManyWithParens::One(LambdaFunctionParameter { name, data_type: None })))
        }
        _ if word.quote_style.is_none() && BARE_FUNCTIONS.iter().any(|name| word.value.eq_ignore_ascii_case(name)) => {
            Some(Ok(bare_function(take_ident(parser, word))))
        }
        _ => Some(Ok(Expr::Identifier(take_ident(parser, word)))),
    }
}

/// Consumes `(x, y)` if `->` follows it.
fn lambda_params(parser: &mut Parser) -> Option<Vec<LambdaFunctionParameter>> {
    let mut names = Vec::new();
    let mut n = 1;
    loop {
        let token = parser.peek_nth_token_ref(n);
        let Token::Word(word) = &token.token else { return None };
        names.push(word.to_ident(token.span));
        match parser.peek_nth_token_ref(n + 1).token {
            Token::Comma => n += 2,
            Token::RParen if parser.peek_nth_token_ref(n + 2).token == Token::Arrow => break,
            _ => return None,
        }
    }
    (0..n + 2).for_each(|_| parser.advance_token());
    Some(names.into_iter().map(|name| LambdaFunctionParameter { name, data_type: None }).collect())
}

fn lambda(parser: &mut Parser, params: OneOrManyWithParens<LambdaFunctionParameter>) -> Result<Expr, ParserError> {
    parser.expect_token(&Token::Arrow)?;
    let body = Box::new(parser.parse_expr()?);
    Ok(Expr::Lambda(LambdaFunction { params, body, syntax: LambdaSyntax::Arrow }))
}

fn bare_function(name: Ident) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(vec![name]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::None,
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn take_ident(parser: &mut Parser, word: Word) -> Ident {
    let span = parser.peek_token_ref().span;
    parser.advance_token();
    word.into_ident(span)
}

fn after_word<'a, T>(
    parser: &mut Parser<'a>,
    parse: impl FnOnce(&mut Parser<'a>) -> Result<T, ParserError>,
) -> Result<T, ParserError> {
    parser.advance_token();
    parse(parser)
}

fn starts_expression(token: &Token) -> bool {
    match token {
        Token::Word(word) => !NOT_AN_EXPRESSION.contains(&word.keyword),
        Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) | Token::Number(..) | Token::Placeholder(_) => true,
        _ => false,
    }
}

/// Whether the call that follows separates its arguments by words: `substring(s FROM 2)`, `trim(LEADING 'x' FROM s)`.
fn has_special_syntax(parser: &Parser) -> bool {
    let mut depth = 0;
    for n in 1.. {
        match &parser.peek_nth_token_ref(n).token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 1 => return false,
            Token::RParen => depth -= 1,
            Token::EOF => return false,
            Token::Word(w) if depth == 1 => match w.keyword {
                Keyword::FROM | Keyword::FOR | Keyword::IN | Keyword::LEADING | Keyword::TRAILING | Keyword::BOTH => {
                    return true;
                }
                _ => {}
            },
            _ => {}
        }
    }
    false
}

fn cast(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let expr = parser.parse_expr()?;
    parser.expect_keyword(Keyword::AS)?;
    let data_type = types::cast_type(parser)?;
    parser.expect_token(&Token::RParen)?;
    Ok(cast_to(expr, data_type))
}

/// `CONVERT(x, type)` is a cast; `CONVERT(x USING utf8mb4)` changes nothing, as all text is UTF-8.
fn convert(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let expr = parser.parse_expr()?;
    let converted = if parser.parse_keyword(Keyword::USING) {
        parser.parse_identifier()?;
        Expr::Nested(Box::new(expr))
    } else {
        parser.expect_token(&Token::Comma)?;
        let data_type = types::cast_type(parser)?;
        cast_to(expr, data_type)
    };
    parser.expect_token(&Token::RParen)?;
    Ok(converted)
}

fn binary_cast(parser: &mut Parser) -> Result<Expr, ParserError> {
    Ok(cast_to(parser.parse_subexpr(PREC_UNARY)?, DataType::Binary(None)))
}

fn cast_to(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(expr), data_type, array: false, format: None }
}

/// `ARRAY<INT>[1, 2]`, `MAP<INT, STRING>{1: 'a'}`: a cast of the untyped literal.
fn typed_literal(parser: &mut Parser) -> Result<Expr, ParserError> {
    let data_type = types::cast_type(parser)?;
    let literal = match (&data_type, &parser.peek_token_ref().token) {
        (DataType::Array(_), Token::LBracket) => array_literal(parser)?,
        (DataType::Map(..), Token::LBrace) => map_literal(parser)?,
        _ => return parser.expected_ref("a literal of this type", parser.peek_token_ref()),
    };
    Ok(cast_to(literal, data_type))
}

fn array_literal(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.expect_token(&Token::LBracket)?;
    parser.parse_array_expr(true)
}

fn map_literal(parser: &mut Parser) -> Result<Expr, ParserError> {
    parser.expect_token(&Token::LBrace)?;
    let mut entries = Vec::new();
    while parser.peek_token_ref().token != Token::RBrace {
        let key = Box::new(parser.parse_expr()?);
        parser.expect_token(&Token::Colon)?;
        entries.push(MapEntry { key, value: Box::new(parser.parse_expr()?) });
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RBrace)?;
    Ok(Expr::Map(Map { entries }))
}

#[cfg(test)]
mod tests;
