//! Statements of StarRocks and MySQL that Viewmill does not have: the error names them and what to do instead.
//! Test: sql-tests/statement/unsupported.test

use base::Error;
use sql::Cursor;

/// First words, and advice.
const REFUSED: &[(&[&str], &str)] = &[
    (&["ADMIN"], "settings come from the configuration file, --set and SET"),
    (&["ANALYZE"], "statistics are kept with the data"),
    (&["BACKUP"], "copy the storage directory or bucket"),
    (&["CALL"], ""),
    (&["CANCEL", "ALTER"], "ALTER TABLE ends at once"),
    (&["CREATE", "FUNCTION"], ""),
    (&["CREATE", "INDEX"], "sort the table by the column: ORDER BY in CREATE TABLE"),
    (&["CREATE", "ROLE"], ""),
    (&["CREATE", "STORAGE", "VOLUME"], "the configuration names the storage: storage_url"),
    (&["CREATE", "USER"], "the configuration sets root's password: root_password"),
    (&["DEALLOCATE"], "prepare through the protocol"),
    (&["DELETE"], "use TRUNCATE TABLE, ALTER TABLE .. DROP PARTITION or INSERT OVERWRITE"),
    (&["DO"], "use SELECT"),
    (&["DROP", "FUNCTION"], ""),
    (&["DROP", "INDEX"], ""),
    (&["DROP", "ROLE"], ""),
    (&["DROP", "USER"], ""),
    (&["EXECUTE"], "prepare through the protocol"),
    (&["EXPORT"], "query through a client"),
    (&["GRANT"], ""),
    (&["INSTALL"], ""),
    (&["LOAD"], "use Stream Load or INSERT"),
    (&["PREPARE"], "prepare through the protocol"),
    (&["RECOVER"], "what is dropped is gone"),
    (&["RELEASE"], "each statement commits by itself"),
    (&["REPLACE"], "use INSERT; tables keep all rows"),
    (&["RESTORE"], "copy the storage directory or bucket"),
    (&["REVOKE"], ""),
    (&["SAVEPOINT"], "each statement commits by itself"),
    (&["SHOW", "ALTER"], "ALTER ends at once"),
    (&["SHOW", "ANALYZE"], ""),
    (&["SHOW", "BACKENDS"], ""),
    (&["SHOW", "BACKUP"], ""),
    (&["SHOW", "BROKER"], ""),
    (&["SHOW", "DELETE"], ""),
    (&["SHOW", "DYNAMIC"], "partitions of date_trunc(..) appear with their rows"),
    (&["SHOW", "EXPORT"], ""),
    (&["SHOW", "FUNCTIONS"], ""),
    (&["SHOW", "LOAD"], "query information_schema.loads"),
    (&["SHOW", "PROC"], ""),
    (&["SHOW", "PROFILELIST"], "use EXPLAIN ANALYZE"),
    (&["SHOW", "RESOURCE"], ""),
    (&["SHOW", "ROLES"], ""),
    (&["SHOW", "ROUTINE"], ""),
    (&["SHOW", "RUNNING"], "use SHOW PROCESSLIST"),
    (&["SHOW", "STORAGE"], ""),
    (&["SHOW", "STREAM", "LOAD"], "query information_schema.loads"),
    (&["SHOW", "TABLET"], "use SHOW PARTITIONS"),
    (&["SHOW", "TRANSACTION"], "query information_schema.loads"),
    (&["SHOW", "USERS"], ""),
    (&["SHOW", "WAREHOUSES"], ""),
    (&["STOP"], ""),
    (&["SUBMIT"], "use a materialized view"),
    (&["TRACE"], "use EXPLAIN ANALYZE"),
    (&["UNINSTALL"], ""),
    (&["UPDATE"], "use INSERT OVERWRITE"),
];

/// The error, if the statement is one of these.
pub(super) fn refusal(cursor: &Cursor<'_>) -> Option<Error> {
    let (head, advice) = REFUSED.iter().find(|(head, _)| cursor.starts_with(head))?;
    let name = head.join(" ");
    let advice = if advice.is_empty() { String::new() } else { format!("; {advice}") };
    Some(Error::unsupported(format!("{name} is not supported{advice}")))
}
