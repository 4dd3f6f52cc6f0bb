use super::*;

fn read(sql: &str) -> Result<Vec<Assignment>> {
    parse(&mut Cursor::new(sql)?)
}

/// The assignments in a short form: `session.name=value`.
fn short(sql: &str) -> Vec<String> {
    let assignments = read(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let scope = |scope| if scope == Scope::Global { "global" } else { "session" };
    let form = |assignment| match assignment {
        Assignment::Variable { scope: s, name, value: SetValue::Default } => format!("{}.{name}=DEFAULT", scope(s)),
        Assignment::Variable { scope: s, name, value: SetValue::Expr(expr) } => format!("{}.{name}={expr}", scope(s)),
        Assignment::UserVariable { name, value } => format!("@{name}={value}"),
        Assignment::Names { charset, collation } => format!("names {charset:?} {collation:?}"),
        Assignment::CharacterSet(charset) => format!("charset {charset:?}"),
        Assignment::Transaction { scope: s, isolation, read_only } => {
            format!("{} transaction {isolation:?} {read_only:?}", scope(s))
        }
        Assignment::Password { user, password } => format!("password {user:?} {password:?}"),
    };
    assignments.into_iter().map(form).collect()
}

#[test]
fn forms_that_clients_send() {
    let cases: [(&str, &[&str]); 31] = [
        ("SET NAMES utf8mb4", &["names Some(\"utf8mb4\") None"]),
        ("SET NAMES 'utf8mb4' COLLATE 'utf8mb4_0900_ai_ci'", &["names Some(\"utf8mb4\") Some(\"utf8mb4_0900_ai_ci\")"]),
        ("set names default", &["names None None"]),
        ("SET character_set_results = NULL", &["session.character_set_results=NULL"]),
        ("SET CHARACTER SET utf8", &["charset Some(\"utf8\")"]),
        ("SET CHARSET 'utf8'", &["charset Some(\"utf8\")"]),
        ("SET autocommit=0", &["session.autocommit=0"]),
        ("SET AUTOCOMMIT = ON", &["session.autocommit='ON'"]),
        ("SET @@session.autocommit = OFF", &["session.autocommit='OFF'"]),
        ("SET SESSION sql_mode='A,B'", &["session.sql_mode='A,B'"]),
        ("SET @@session.time_zone='+00:00';", &["session.time_zone='+00:00'"]),
        ("SET @@x = 1, @@global.y = 2", &["session.x=1", "global.y=2"]),
        ("SET GLOBAL a = 1, LOCAL b = -2", &["global.a=1", "session.b=-2"]),
        ("SET time_zone = SYSTEM", &["session.time_zone='SYSTEM'"]),
        (
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            &["session transaction Some(\"READ-COMMITTED\") None"],
        ),
        ("set session transaction read only", &["session transaction None Some(true)"]),
        (
            "SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE",
            &["global transaction Some(\"REPEATABLE-READ\") Some(false)"],
        ),
        ("SET SQL_SELECT_LIMIT=1", &["session.sql_select_limit=1"]),
        ("SET SQL_SELECT_LIMIT=DEFAULT", &["session.sql_select_limit=DEFAULT"]),
        ("SET SESSION SQL_AUTO_IS_NULL=0", &["session.sql_auto_is_null=0"]),
        (
            "SET SQL_SAFE_UPDATES=1,SQL_SELECT_LIMIT=1000,MAX_JOIN_SIZE=1000000",
            &["session.sql_safe_updates=1", "session.sql_select_limit=1000", "session.max_join_size=1000000"],
        ),
        ("SET @x = 1", &["@x=1"]),
        ("SET @_p_arg1 := 'a', @`my var`=2", &["@_p_arg1='a'", "@my var=2"]),
        (
            "set autocommit=1, sql_mode = concat(@@sql_mode,',X')",
            &["session.autocommit=1", "session.sql_mode=concat(@@sql_mode, ',X')"],
        ),
        (
            "SET sql_mode=(SELECT CONCAT(@@sql_mode, ',PIPES_AS_CONCAT')),time_zone='+00:00',NAMES utf8mb4 COLLATE \
             utf8mb4_unicode_ci;",
            &[
                "session.sql_mode=(SELECT CONCAT(@@sql_mode, ',PIPES_AS_CONCAT'))",
                "session.time_zone='+00:00'",
                "names Some(\"utf8mb4\") Some(\"utf8mb4_unicode_ci\")",
            ],
        ),
        ("/*!40101 SET character_set_client = utf8 */", &["session.character_set_client='utf8'"]),
        (
            "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */",
            &["@old_sql_mode=@@SQL_MODE", "session.sql_mode='NO_AUTO_VALUE_ON_ZERO'"],
        ),
        ("SET character_set_results = binary", &["session.character_set_results='binary'"]),
        ("SET PASSWORD = PASSWORD('x')", &["password None Plain(\"x\")"]),
        (
            "SET PASSWORD FOR 'u'@'%' = '*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4'",
            &[
                "password Some(UserName { name: \"u\", host: Some(\"%\") }) Hashed(\"*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4\")",
            ],
        ),
        ("set names = 'x', transaction = 1", &["session.names='x'", "session.transaction=1"]),
    ];
    for (sql, expected) in cases {
        assert_eq!(short(sql), expected, "{sql}");
    }
}

#[test]
fn broken_sets_are_errors() {
    let cases = [
        "set",
        "set x",
        "set x =",
        "set x = 1,",
        "set @@other.x = 1",
        "set transaction",
        "set transaction isolation level fast",
        "set names",
        "set password for = 'x'",
        "set x = 1 y = 2",
    ];
    for sql in cases {
        assert!(read(sql).is_err(), "{sql}");
    }
}
