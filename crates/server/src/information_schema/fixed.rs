//! Tables whose rows never change: character sets, collations, engines; and tables that MySQL clients join with and that
//! have no rows because Viewmill has nothing of the kind.
//! Test: sql-tests/information_schema/fixed.test

use super::Type::{DateTime, Number, Text};
use super::{Definition, Value};

/// A table and its rows.
pub(super) struct Fixed {
    pub(super) definition: &'static Definition,
    pub(super) rows: fn() -> Vec<Vec<Value>>,
}

const fn empty(definition: &'static Definition) -> Fixed {
    Fixed { definition, rows: Vec::new }
}

pub(super) const TABLES: &[Fixed] = &[
    Fixed {
        definition: &Definition {
            name: "character_sets",
            columns: &[
                ("CHARACTER_SET_NAME", Text),
                ("DEFAULT_COLLATE_NAME", Text),
                ("DESCRIPTION", Text),
                ("MAXLEN", Number),
            ],
        },
        rows: || {
            vec![
                vec!["utf8".into(), "utf8_general_ci".into(), "UTF-8 Unicode".into(), Value::Number(3)],
                vec!["utf8mb4".into(), "utf8mb4_general_ci".into(), "UTF-8 Unicode".into(), Value::Number(4)],
            ]
        },
    },
    Fixed {
        definition: &Definition {
            name: "collations",
            columns: &[
                ("COLLATION_NAME", Text),
                ("CHARACTER_SET_NAME", Text),
                ("ID", Number),
                ("IS_DEFAULT", Text),
                ("IS_COMPILED", Text),
                ("SORTLEN", Number),
            ],
        },
        rows: || {
            let row = |name: &str, charset: &str, id: i64| {
                vec![name.into(), charset.into(), Value::Number(id), "Yes".into(), "Yes".into(), Value::Number(1)]
            };
            vec![row("utf8_general_ci", "utf8", 33), row("utf8mb4_general_ci", "utf8mb4", 45)]
        },
    },
    Fixed {
        definition: &Definition {
            name: "engines",
            columns: &[
                ("ENGINE", Text),
                ("SUPPORT", Text),
                ("COMMENT", Text),
                ("TRANSACTIONS", Text),
                ("XA", Text),
                ("SAVEPOINTS", Text),
            ],
        },
        rows: || {
            vec![vec![
                "OLAP".into(),
                "DEFAULT".into(),
                "Columnar tables of Viewmill".into(),
                "NO".into(),
                "NO".into(),
                "NO".into(),
            ]]
        },
    },
    empty(&Definition {
        name: "statistics",
        columns: &[
            ("TABLE_CATALOG", Text),
            ("TABLE_SCHEMA", Text),
            ("TABLE_NAME", Text),
            ("NON_UNIQUE", Number),
            ("INDEX_SCHEMA", Text),
            ("INDEX_NAME", Text),
            ("SEQ_IN_INDEX", Number),
            ("COLUMN_NAME", Text),
            ("COLLATION", Text),
            ("CARDINALITY", Number),
            ("SUB_PART", Number),
            ("PACKED", Text),
            ("NULLABLE", Text),
            ("INDEX_TYPE", Text),
            ("COMMENT", Text),
            ("INDEX_COMMENT", Text),
            ("IS_VISIBLE", Text),
            ("EXPRESSION", Text),
        ],
    }),
    empty(&Definition {
        name: "key_column_usage",
        columns: &[
            ("CONSTRAINT_CATALOG", Text),
            ("CONSTRAINT_SCHEMA", Text),
            ("CONSTRAINT_NAME", Text),
            ("TABLE_CATALOG", Text),
            ("TABLE_SCHEMA", Text),
            ("TABLE_NAME", Text),
            ("COLUMN_NAME", Text),
            ("ORDINAL_POSITION", Number),
            ("POSITION_IN_UNIQUE_CONSTRAINT", Number),
            ("REFERENCED_TABLE_SCHEMA", Text),
            ("REFERENCED_TABLE_NAME", Text),
            ("REFERENCED_COLUMN_NAME", Text),
        ],
    }),
    empty(&Definition {
        name: "table_constraints",
        columns: &[
            ("CONSTRAINT_CATALOG", Text),
            ("CONSTRAINT_SCHEMA", Text),
            ("CONSTRAINT_NAME", Text),
            ("TABLE_SCHEMA", Text),
            ("TABLE_NAME", Text),
            ("CONSTRAINT_TYPE", Text),
            ("ENFORCED", Text),
        ],
    }),
    empty(&Definition {
        name: "referential_constraints",
        columns: &[
            ("CONSTRAINT_CATALOG", Text),
            ("CONSTRAINT_SCHEMA", Text),
            ("CONSTRAINT_NAME", Text),
            ("UNIQUE_CONSTRAINT_CATALOG", Text),
            ("UNIQUE_CONSTRAINT_SCHEMA", Text),
            ("UNIQUE_CONSTRAINT_NAME", Text),
            ("MATCH_OPTION", Text),
            ("UPDATE_RULE", Text),
            ("DELETE_RULE", Text),
            ("TABLE_NAME", Text),
            ("REFERENCED_TABLE_NAME", Text),
        ],
    }),
    empty(&Definition {
        name: "routines",
        columns: &[
            ("SPECIFIC_NAME", Text),
            ("ROUTINE_CATALOG", Text),
            ("ROUTINE_SCHEMA", Text),
            ("ROUTINE_NAME", Text),
            ("ROUTINE_TYPE", Text),
            ("DTD_IDENTIFIER", Text),
            ("ROUTINE_BODY", Text),
            ("ROUTINE_DEFINITION", Text),
            ("EXTERNAL_NAME", Text),
            ("EXTERNAL_LANGUAGE", Text),
            ("PARAMETER_STYLE", Text),
            ("IS_DETERMINISTIC", Text),
            ("SQL_DATA_ACCESS", Text),
            ("SQL_PATH", Text),
            ("SECURITY_TYPE", Text),
            ("CREATED", DateTime),
            ("LAST_ALTERED", DateTime),
            ("SQL_MODE", Text),
            ("ROUTINE_COMMENT", Text),
            ("DEFINER", Text),
            ("CHARACTER_SET_CLIENT", Text),
            ("COLLATION_CONNECTION", Text),
            ("DATABASE_COLLATION", Text),
        ],
    }),
    empty(&Definition {
        name: "triggers",
        columns: &[
            ("TRIGGER_CATALOG", Text),
            ("TRIGGER_SCHEMA", Text),
            ("TRIGGER_NAME", Text),
            ("EVENT_MANIPULATION", Text),
            ("EVENT_OBJECT_CATALOG", Text),
            ("EVENT_OBJECT_SCHEMA", Text),
            ("EVENT_OBJECT_TABLE", Text),
            ("ACTION_ORDER", Number),
            ("ACTION_STATEMENT", Text),
            ("ACTION_TIMING", Text),
            ("CREATED", DateTime),
        ],
    }),
    empty(&Definition {
        name: "events",
        columns: &[
            ("EVENT_CATALOG", Text),
            ("EVENT_SCHEMA", Text),
            ("EVENT_NAME", Text),
            ("DEFINER", Text),
            ("STATUS", Text),
        ],
    }),
    empty(&Definition {
        name: "files",
        columns: &[
            ("FILE_ID", Number),
            ("FILE_NAME", Text),
            ("FILE_TYPE", Text),
            ("TABLESPACE_NAME", Text),
            ("LOGFILE_GROUP_NAME", Text),
            ("ENGINE", Text),
            ("TOTAL_EXTENTS", Number),
            ("INITIAL_SIZE", Number),
            ("EXTENT_SIZE", Number),
            ("EXTRA", Text),
        ],
    }),
    empty(&Definition {
        name: "parameters",
        columns: &[
            ("SPECIFIC_CATALOG", Text),
            ("SPECIFIC_SCHEMA", Text),
            ("SPECIFIC_NAME", Text),
            ("ORDINAL_POSITION", Number),
            ("PARAMETER_MODE", Text),
            ("PARAMETER_NAME", Text),
            ("DATA_TYPE", Text),
            ("CHARACTER_MAXIMUM_LENGTH", Number),
            ("CHARACTER_OCTET_LENGTH", Number),
            ("NUMERIC_PRECISION", Number),
            ("NUMERIC_SCALE", Number),
            ("DATETIME_PRECISION", Number),
            ("CHARACTER_SET_NAME", Text),
            ("COLLATION_NAME", Text),
            ("DTD_IDENTIFIER", Text),
            ("ROUTINE_TYPE", Text),
        ],
    }),
    empty(&Definition {
        name: "partitions",
        columns: &[
            ("TABLE_CATALOG", Text),
            ("TABLE_SCHEMA", Text),
            ("TABLE_NAME", Text),
            ("PARTITION_NAME", Text),
            ("SUBPARTITION_NAME", Text),
            ("PARTITION_ORDINAL_POSITION", Number),
            ("SUBPARTITION_ORDINAL_POSITION", Number),
            ("PARTITION_METHOD", Text),
            ("SUBPARTITION_METHOD", Text),
            ("PARTITION_EXPRESSION", Text),
            ("SUBPARTITION_EXPRESSION", Text),
            ("PARTITION_DESCRIPTION", Text),
            ("TABLE_ROWS", Number),
            ("AVG_ROW_LENGTH", Number),
            ("DATA_LENGTH", Number),
            ("MAX_DATA_LENGTH", Number),
            ("INDEX_LENGTH", Number),
            ("DATA_FREE", Number),
            ("CREATE_TIME", DateTime),
            ("UPDATE_TIME", DateTime),
            ("CHECK_TIME", DateTime),
            ("CHECKSUM", Number),
            ("PARTITION_COMMENT", Text),
            ("NODEGROUP", Text),
            ("TABLESPACE_NAME", Text),
        ],
    }),
    empty(&Definition {
        name: "check_constraints",
        columns: &[
            ("CONSTRAINT_CATALOG", Text),
            ("CONSTRAINT_SCHEMA", Text),
            ("CONSTRAINT_NAME", Text),
            ("CHECK_CLAUSE", Text),
        ],
    }),
    empty(&Definition {
        name: "plugins",
        columns: &[
            ("PLUGIN_NAME", Text),
            ("PLUGIN_VERSION", Text),
            ("PLUGIN_STATUS", Text),
            ("PLUGIN_TYPE", Text),
            ("PLUGIN_TYPE_VERSION", Text),
            ("PLUGIN_LIBRARY", Text),
            ("PLUGIN_LIBRARY_VERSION", Text),
            ("PLUGIN_AUTHOR", Text),
            ("PLUGIN_DESCRIPTION", Text),
            ("PLUGIN_LICENSE", Text),
            ("LOAD_OPTION", Text),
        ],
    }),
    empty(&Definition {
        name: "applicable_roles",
        columns: &[
            ("USER", Text),
            ("HOST", Text),
            ("GRANTEE", Text),
            ("GRANTEE_HOST", Text),
            ("ROLE_NAME", Text),
            ("ROLE_HOST", Text),
            ("IS_GRANTABLE", Text),
            ("IS_DEFAULT", Text),
            ("IS_MANDATORY", Text),
        ],
    }),
    empty(&Definition {
        name: "enabled_roles",
        columns: &[("ROLE_NAME", Text), ("ROLE_HOST", Text), ("IS_DEFAULT", Text), ("IS_MANDATORY", Text)],
    }),
    Fixed {
        definition: &Definition {
            name: "collation_character_set_applicability",
            columns: &[("COLLATION_NAME", Text), ("CHARACTER_SET_NAME", Text)],
        },
        rows: || {
            vec![vec!["utf8_general_ci".into(), "utf8".into()], vec!["utf8mb4_general_ci".into(), "utf8mb4".into()]]
        },
    },
    empty(&Definition {
        name: "schema_privileges",
        columns: &[
            ("GRANTEE", Text),
            ("TABLE_CATALOG", Text),
            ("TABLE_SCHEMA", Text),
            ("PRIVILEGE_TYPE", Text),
            ("IS_GRANTABLE", Text),
        ],
    }),
    empty(&Definition {
        name: "table_privileges",
        columns: &[
            ("GRANTEE", Text),
            ("TABLE_CATALOG", Text),
            ("TABLE_SCHEMA", Text),
            ("TABLE_NAME", Text),
            ("PRIVILEGE_TYPE", Text),
            ("IS_GRANTABLE", Text),
        ],
    }),
    empty(&Definition {
        name: "column_privileges",
        columns: &[
            ("GRANTEE", Text),
            ("TABLE_CATALOG", Text),
            ("TABLE_SCHEMA", Text),
            ("TABLE_NAME", Text),
            ("COLUMN_NAME", Text),
            ("PRIVILEGE_TYPE", Text),
            ("IS_GRANTABLE", Text),
        ],
    }),
    empty(&Definition {
        name: "user_privileges",
        columns: &[("GRANTEE", Text), ("TABLE_CATALOG", Text), ("PRIVILEGE_TYPE", Text), ("IS_GRANTABLE", Text)],
    }),
];
