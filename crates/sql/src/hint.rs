//! What a statement says besides its meaning: `/*+ SET_VAR(query_timeout=1) */`, `JOIN [broadcast]`.

use base::Result;
use sqlparser::tokenizer::Token;

use crate::lexer::{Lexeme, Lexer, Pipes, token_is};

/// A hint; the planner takes what it knows and warns about the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// Session variables for this statement only, in the order written.
    SetVar(Vec<(String, String)>),
    /// How to distribute a join: `broadcast`, `shuffle`, `bucket`, `colocate`, `skew`, …, in lower case.
    Join(String),
    /// Any other text between `/*+` and `*/`, trimmed.
    Other(String),
}

/// Reads the text between `/*+` and `*/`.
pub(crate) fn parse(text: &str) -> Result<Hint> {
    let (lexemes, _) = Lexer::new(text, Pipes::Or).read_all()?;
    Ok(set_var(&lexemes).map(Hint::SetVar).unwrap_or_else(|| Hint::Other(text.trim().to_owned())))
}

fn set_var(lexemes: &[Lexeme]) -> Option<Vec<(String, String)>> {
    let tokens: Vec<&Token> = lexemes.iter().map(|l| &l.token).collect();
    let [head, Token::LParen, inside @ .., Token::RParen] = tokens.as_slice() else { return None };
    if !token_is(head, "SET_VAR") {
        return None;
    }
    inside.split(|token| **token == Token::Comma).map(assignment).collect()
}

fn assignment(tokens: &[&Token]) -> Option<(String, String)> {
    let [Token::Word(name), Token::Eq, value @ ..] = tokens else { return None };
    let value = match value {
        [Token::SingleQuotedString(text) | Token::DoubleQuotedString(text)] => text.clone(),
        [Token::Word(word)] => word.value.clone(),
        [Token::Number(number, _)] => number.clone(),
        [Token::Minus, Token::Number(number, _)] => format!("-{number}"),
        _ => return None,
    };
    Some((name.value.clone(), value))
}

/// Takes `[broadcast]` after JOIN out of the tokens, because the parser would read an array there.
pub(crate) fn take_join_hints(lexemes: &mut Vec<Lexeme>) -> Vec<Hint> {
    let mut hints = Vec::new();
    let mut open: Option<String> = None;
    let mut after_join = false;
    lexemes.retain(|lexeme| {
        let opens = after_join && lexeme.token == Token::LBracket;
        after_join = token_is(&lexeme.token, "JOIN");
        match (&mut open, &lexeme.token) {
            (Some(words), Token::RBracket) => {
                hints.push(Hint::Join(words.to_lowercase()));
                open = None;
                false
            }
            (Some(words), token) => {
                words.push_str(&token.to_string());
                false
            }
            (None, _) if opens => {
                open = Some(String::new());
                false
            }
            (None, _) => true,
        }
    });
    hints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_read_or_kept_as_text() {
        let set = |pairs: &[(&str, &str)]| {
            Hint::SetVar(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
        };
        let cases = [
            (" SET_VAR(query_timeout=1) ", set(&[("query_timeout", "1")])),
            ("set_var(a = 'x, y', b=-2, c=on)", set(&[("a", "x, y"), ("b", "-2"), ("c", "on")])),
            (" MAX_EXECUTION_TIME(1000) ", Hint::Other("MAX_EXECUTION_TIME(1000)".to_owned())),
            ("SET_VAR(a)", Hint::Other("SET_VAR(a)".to_owned())),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).unwrap(), expected, "{text}");
        }
    }
}
