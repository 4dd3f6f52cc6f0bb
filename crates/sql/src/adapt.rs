//! StarRocks forms that sqlparser does not read, rewritten among the tokens into forms that it does.

use sqlparser::tokenizer::Token;

use crate::lexer::{Lexeme, token_is};

/// Brings `[FOR] VERSION|TIMESTAMP AS OF …` into the form that sqlparser reads: without FOR, and a named version (a branch
/// or tag) as `TIMESTAMP AS OF version_named('…')`, because it takes only numbers for versions.
pub(crate) fn time_travel(lexemes: Vec<Lexeme>) -> Vec<Lexeme> {
    let is = |at: usize, word: &str| lexemes.get(at).is_some_and(|lexeme| token_is(&lexeme.token, word));
    let travels = |at: usize| (is(at, "VERSION") || is(at, "TIMESTAMP")) && is(at + 1, "AS") && is(at + 2, "OF");
    let text = |at: usize| {
        matches!(lexemes.get(at).map(|l| &l.token), Some(Token::SingleQuotedString(_) | Token::DoubleQuotedString(_)))
    };
    if !(0..lexemes.len()).any(travels) {
        return lexemes;
    }
    let mut adapted = Vec::with_capacity(lexemes.len() + 3);
    for (at, lexeme) in lexemes.iter().enumerate() {
        let place = |token: Token| Lexeme { token, start: lexeme.start, end: lexeme.end };
        if is(at, "FOR") && travels(at + 1) {
            continue;
        } else if is(at, "VERSION") && travels(at) && text(at + 3) {
            adapted.push(place(Token::make_word("TIMESTAMP", None)));
        } else if at >= 3 && is(at - 3, "VERSION") && travels(at - 3) && text(at) {
            let name = place(lexeme.token.clone());
            adapted.extend([place(Token::make_word(VERSION_NAMED, None)), place(Token::LParen), name]);
            adapted.push(place(Token::RParen));
        } else {
            adapted.push(lexeme.clone());
        }
    }
    adapted
}

/// The function that stands for a branch or tag in `TIMESTAMP AS OF` after parsing.
pub const VERSION_NAMED: &str = "version_named";

/// Moves IGNORE NULLS behind the arguments: `lag(a IGNORE NULLS, 1)` becomes `lag(a, 1) IGNORE NULLS`.
pub(crate) fn null_treatment(lexemes: Vec<Lexeme>) -> Vec<Lexeme> {
    let is = |at: usize, word: &str| lexemes.get(at).is_some_and(|lexeme| token_is(&lexeme.token, word));
    let moves = |at: usize| is(at, "IGNORE") && is(at + 1, "NULLS") && is(at + 2, ",");
    if !(0..lexemes.len()).any(moves) {
        return lexemes;
    }
    let mut adapted = Vec::with_capacity(lexemes.len());
    // For each open bracket where the words are that go behind it.
    let mut open: Vec<Option<usize>> = Vec::new();
    let mut at = 0;
    while let Some(lexeme) = lexemes.get(at) {
        if let (true, Some(level)) = (moves(at), open.last_mut()) {
            *level = Some(at);
            at += 2;
            continue;
        }
        adapted.push(lexeme.clone());
        match lexeme.token {
            Token::LParen => open.push(None),
            Token::RParen => {
                if let Some(words) = open.pop().flatten() {
                    adapted.extend_from_slice(&lexemes[words..words + 2]);
                }
            }
            _ => {}
        }
        at += 1;
    }
    adapted
}
