//! Type names: `INT(11)`, `DECIMAL(10,2)`, `ARRAY<STRUCT<a INT, b STRING>>`.
//!
//! Any word is accepted as a name; which types exist is for the reader of the tree to say. Column definitions keep
//! [`TypeName`]s, casts in expressions get sqlparser's `DataType`.

use std::fmt;

use sqlparser::ast::{
    ArrayElemTypeDef, BinaryLength, CharacterLength, DataType, ExactNumberInfo, Ident, ObjectName, StructBracketKind,
    StructField, TimezoneInfo,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use crate::quote;

/// A type as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    /// Upper case, aliases kept: `INT`, `INTEGER`, `VARCHAR`, `ARRAY`.
    pub name: String,
    /// Length, precision and scale, display width.
    pub args: Vec<u64>,
    pub element: TypeElement,
}

/// What stands between the angle brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeElement {
    None,
    Array(Box<TypeName>),
    Map(Box<TypeName>, Box<TypeName>),
    Struct(Vec<StructFieldName>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StructFieldName {
    pub name: String,
    pub ty: TypeName,
    pub comment: Option<String>,
}

impl TypeName {
    fn plain(name: String, args: Vec<u64>) -> Self {
        TypeName { name, args, element: TypeElement::None }
    }
}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.element {
            TypeElement::None => {}
            TypeElement::Array(element) => write!(f, "<{element}>")?,
            TypeElement::Map(key, value) => write!(f, "<{key}, {value}>")?,
            TypeElement::Struct(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|field| format!("{} {}", quote::identifier(&field.name), field.ty)).collect();
                write!(f, "<{}>", fields.join(", "))?;
            }
        }
        if !self.args.is_empty() {
            let args: Vec<String> = self.args.iter().map(u64::to_string).collect();
            write!(f, "({})", args.join(", "))?;
        }
        Ok(())
    }
}

/// Reads a type of a column definition.
pub(crate) fn type_name(parser: &mut Parser) -> Result<TypeName, ParserError> {
    let mut types = TypeParser { parser, closers: 0 };
    let ty = types.parse()?;
    let closers = types.closers;
    if closers > 0 {
        return parser.expected_ref("one > less", parser.get_current_token());
    }
    Ok(ty)
}

/// Reads the type of a cast, with MySQL's forms that columns do not have.
pub(crate) fn cast_type(parser: &mut Parser) -> Result<DataType, ParserError> {
    let ty = type_name(parser)?;
    let integer = parser.parse_one_of_keywords(&[Keyword::INTEGER, Keyword::INT]).is_some();
    if integer && !matches!(ty.name.as_str(), "SIGNED" | "UNSIGNED") {
        parser.prev_token();
    }
    // All text is UTF-8, so naming the character set changes nothing.
    if parser.parse_keywords(&[Keyword::CHARACTER, Keyword::SET]) || parser.parse_keyword(Keyword::CHARSET) {
        parser.parse_identifier()?;
    }
    Ok(to_data_type(&ty))
}

struct TypeParser<'p, 'a> {
    parser: &'p mut Parser<'a>,
    /// Closing brackets read but not used: `>>` closes two types.
    closers: usize,
}

impl TypeParser<'_, '_> {
    fn parse(&mut self) -> Result<TypeName, ParserError> {
        let token = self.parser.peek_token_ref();
        let Token::Word(word) = &token.token else { return self.parser.expected_ref("a type", token) };
        let name = word.value.to_ascii_uppercase();
        self.parser.advance_token();
        let element = match name.as_str() {
            "ARRAY" => {
                self.open()?;
                let element = TypeElement::Array(Box::new(self.parse()?));
                self.close()?;
                element
            }
            "MAP" => {
                self.open()?;
                let key = self.parse()?;
                self.parser.expect_token(&Token::Comma)?;
                let value = self.parse()?;
                self.close()?;
                TypeElement::Map(Box::new(key), Box::new(value))
            }
            "STRUCT" => self.fields()?,
            "DOUBLE" => {
                let _ = self.parser.parse_keyword(Keyword::PRECISION);
                TypeElement::None
            }
            _ => TypeElement::None,
        };
        let args = self.args()?;
        Ok(TypeName { element, ..TypeName::plain(name, args) })
    }

    fn open(&mut self) -> Result<(), ParserError> {
        self.parser.expect_token(&Token::Lt).map(|_| ())
    }

    fn close(&mut self) -> Result<(), ParserError> {
        if self.closers > 0 {
            self.closers -= 1;
            return Ok(());
        }
        if self.parser.consume_token(&Token::ShiftRight) {
            self.closers = 1;
            return Ok(());
        }
        self.parser.expect_token(&Token::Gt).map(|_| ())
    }

    fn fields(&mut self) -> Result<TypeElement, ParserError> {
        self.open()?;
        let mut fields = Vec::new();
        loop {
            let name = self.parser.parse_identifier()?.value;
            let _ = self.parser.consume_token(&Token::Colon);
            let ty = self.parse()?;
            let comment = match self.closers == 0 && self.parser.parse_keyword(Keyword::COMMENT) {
                true => Some(self.parser.parse_literal_string()?),
                false => None,
            };
            fields.push(StructFieldName { name, ty, comment });
            if self.closers > 0 || !self.parser.consume_token(&Token::Comma) {
                break;
            }
        }
        self.close()?;
        Ok(TypeElement::Struct(fields))
    }

    fn args(&mut self) -> Result<Vec<u64>, ParserError> {
        if self.closers > 0 || !self.parser.consume_token(&Token::LParen) {
            return Ok(Vec::new());
        }
        let args = self.parser.parse_comma_separated(Parser::parse_literal_uint)?;
        self.parser.expect_token(&Token::RParen)?;
        Ok(args)
    }
}

fn to_data_type(ty: &TypeName) -> DataType {
    let first = ty.args.first().copied();
    let length = || first.map(|length| CharacterLength::IntegerLength { length, unit: None });
    let number = || match ty.args.as_slice() {
        [] => ExactNumberInfo::None,
        [precision] => ExactNumberInfo::Precision(*precision),
        [precision, scale, ..] => {
            ExactNumberInfo::PrecisionAndScale(*precision, i64::try_from(*scale).unwrap_or(i64::MAX))
        }
    };
    match (&ty.element, ty.name.as_str()) {
        (TypeElement::Array(element), _) => {
            DataType::Array(ArrayElemTypeDef::AngleBracket(Box::new(to_data_type(element))))
        }
        (TypeElement::Map(key, value), _) => DataType::Map(Box::new(to_data_type(key)), Box::new(to_data_type(value))),
        (TypeElement::Struct(fields), _) => {
            DataType::Struct(fields.iter().map(struct_field).collect(), StructBracketKind::AngleBrackets)
        }
        (_, "BOOLEAN" | "BOOL") => DataType::Boolean,
        (_, "TINYINT") => DataType::TinyInt(first),
        (_, "SMALLINT") => DataType::SmallInt(first),
        (_, "INT" | "INTEGER") => DataType::Int(first),
        (_, "BIGINT") => DataType::BigInt(first),
        (_, "SIGNED") => DataType::Signed,
        (_, "UNSIGNED") => DataType::Unsigned,
        (_, "FLOAT") => DataType::Float(number()),
        (_, "DOUBLE") => DataType::Double(number()),
        (_, "DECIMAL" | "NUMERIC") => DataType::Decimal(number()),
        (_, "DATE") => DataType::Date,
        (_, "DATETIME") => DataType::Datetime(first),
        (_, "TIME") => DataType::Time(first, TimezoneInfo::None),
        (_, "TIMESTAMP") => DataType::Timestamp(first, TimezoneInfo::None),
        (_, "CHAR") => DataType::Char(length()),
        (_, "VARCHAR") => DataType::Varchar(length()),
        (_, "STRING") => DataType::String(first),
        (_, "TEXT") => DataType::Text,
        (_, "JSON") => DataType::JSON,
        (_, "BINARY") => DataType::Binary(first),
        (_, "VARBINARY") => DataType::Varbinary(first.map(|length| BinaryLength::IntegerLength { length })),
        (_, name) => {
            DataType::Custom(ObjectName::from(vec![Ident::new(name)]), ty.args.iter().map(u64::to_string).collect())
        }
    }
}

fn struct_field(field: &StructFieldName) -> StructField {
    StructField { field_name: Some(Ident::new(&field.name)), field_type: to_data_type(&field.ty), options: None }
}

#[cfg(test)]
mod tests {
    use crate::Cursor;

    #[test]
    fn types_print_as_they_read() {
        let cases = [
            ("int(11)", "INT(11)"),
            ("Decimal(10,2)", "DECIMAL(10, 2)"),
            ("varchar(65533)", "VARCHAR(65533)"),
            ("double precision", "DOUBLE"),
            ("array<map<int,array<string>>>", "ARRAY<MAP<INT, ARRAY<STRING>>>"),
            ("struct<a int, b struct<`c d` date>>", "STRUCT<`a` INT, `b` STRUCT<`c d` DATE>>"),
            ("struct<a: int comment 'x', b varchar(3)>", "STRUCT<`a` INT, `b` VARCHAR(3)>"),
            ("largeint", "LARGEINT"),
            ("bitmap", "BITMAP"),
        ];
        for (sql, expected) in cases {
            let mut cursor = Cursor::new(sql).unwrap();
            assert_eq!(cursor.type_name().unwrap().to_string(), expected, "{sql}");
            cursor.expect_end().unwrap();
        }
    }

    #[test]
    fn broken_types_are_errors() {
        for sql in ["array", "array<int", "array<int>>", "map<int>", "struct<a>", "decimal(x)", "5"] {
            let mut cursor = Cursor::new(sql).unwrap();
            assert!(cursor.type_name().and_then(|_| cursor.expect_end()).is_err(), "{sql}");
        }
    }
}
