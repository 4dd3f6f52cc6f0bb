//! The crash table in each engine's words: 14 of the file's 29 columns, the moment made from two of them, coordinates
//! cut to whole degrees.

use std::path::Path;

pub(crate) const ROWS: u64 = 423_725;
pub(crate) const GROUPS: usize = 10_467;

/// The columns header of the Stream Load.
const COLUMNS: &str = "day, time, CRASH_DATE=str_to_date(concat_ws(' ', day, time), '%m/%d/%Y %H:%i'), BOROUGH, \
    ZIP_CODE, LATITUDE, LONGITUDE, LOCATION, ON_STREET_NAME, CROSS_STREET_NAME, OFF_STREET_NAME, i1, i2, i3, i4, i5, i6, \
    i7, i8, CONTRIBUTING_FACTOR_VEHICLE_1, CONTRIBUTING_FACTOR_VEHICLE_2, f3, f4, f5, COLLISION_ID, VEHICLE_TYPE_CODE_1, \
    VEHICLE_TYPE_CODE_2, v3, v4, v5";

pub(crate) const HEADERS: &[(&str, &str)] =
    &[("column_separator", ","), ("skip_header", "1"), ("enclose", "\""), ("columns", COLUMNS)];

pub(crate) fn create(table: &str) -> String {
    format!(
        "CREATE TABLE {table} (CRASH_DATE DATETIME, BOROUGH STRING, ZIP_CODE STRING, LATITUDE INT, LONGITUDE INT, \
         LOCATION STRING, ON_STREET_NAME STRING, CROSS_STREET_NAME STRING, OFF_STREET_NAME STRING, \
         CONTRIBUTING_FACTOR_VEHICLE_1 STRING, CONTRIBUTING_FACTOR_VEHICLE_2 STRING, COLLISION_ID INT, \
         VEHICLE_TYPE_CODE_1 STRING, VEHICLE_TYPE_CODE_2 STRING)"
    )
}

/// DuckDB's statement that makes the same table from `copies` readings of the file.
pub(crate) fn duckdb(table: &str, csv: &Path, copies: u64) -> String {
    let names = [
        "day",
        "time",
        "BOROUGH",
        "ZIP_CODE",
        "LATITUDE",
        "LONGITUDE",
        "LOCATION",
        "ON_STREET_NAME",
        "CROSS_STREET_NAME",
        "OFF_STREET_NAME",
        "i1",
        "i2",
        "i3",
        "i4",
        "i5",
        "i6",
        "i7",
        "i8",
        "CONTRIBUTING_FACTOR_VEHICLE_1",
        "CONTRIBUTING_FACTOR_VEHICLE_2",
        "f3",
        "f4",
        "f5",
        "COLLISION_ID",
        "VEHICLE_TYPE_CODE_1",
        "VEHICLE_TYPE_CODE_2",
        "v3",
        "v4",
        "v5",
    ];
    let type_of = |name: &str| match name {
        "LATITUDE" | "LONGITUDE" => "DOUBLE",
        "COLLISION_ID" => "INTEGER",
        _ => "VARCHAR",
    };
    let columns: Vec<String> = names.iter().map(|name| format!("'{name}': '{}'", type_of(name))).collect();
    let files = vec![format!("'{}'", csv.display()); copies as usize].join(", ");
    format!(
        "CREATE TABLE {table} AS SELECT strptime(day || ' ' || time, '%m/%d/%Y %H:%M') AS CRASH_DATE, BOROUGH, ZIP_CODE, \
         CAST(trunc(LATITUDE) AS INTEGER) AS LATITUDE, CAST(trunc(LONGITUDE) AS INTEGER) AS LONGITUDE, LOCATION, \
         ON_STREET_NAME, CROSS_STREET_NAME, OFF_STREET_NAME, CONTRIBUTING_FACTOR_VEHICLE_1, \
         CONTRIBUTING_FACTOR_VEHICLE_2, COLLISION_ID, VEHICLE_TYPE_CODE_1, VEHICLE_TYPE_CODE_2 \
         FROM read_csv([{files}], header = true, delim = ',', quote = '\"', escape = '\"', auto_detect = false, \
         columns = {{{}}})",
        columns.join(", ")
    )
}

/// ClickHouse's statement that makes the same table; its columns are not nullable, NULL becomes empty text or 0.
pub(crate) fn clickhouse(table: &str, csv: &Path) -> String {
    format!(
        "CREATE TABLE {table} ENGINE = MergeTree ORDER BY tuple() AS SELECT \
         parseDateTime(concat(`CRASH DATE`, ' ', `CRASH TIME`), '%m/%d/%Y %k:%i') AS CRASH_DATE, BOROUGH, \
         `ZIP CODE` AS ZIP_CODE, toInt32(trunc(LATITUDE)) AS LAT, toInt32(trunc(LONGITUDE)) AS LON, LOCATION, \
         `ON STREET NAME` AS ON_STREET_NAME, `CROSS STREET NAME` AS CROSS_STREET_NAME, \
         `OFF STREET NAME` AS OFF_STREET_NAME, `CONTRIBUTING FACTOR VEHICLE 1` AS CONTRIBUTING_FACTOR_VEHICLE_1, \
         `CONTRIBUTING FACTOR VEHICLE 2` AS CONTRIBUTING_FACTOR_VEHICLE_2, COLLISION_ID, \
         `VEHICLE TYPE CODE 1` AS VEHICLE_TYPE_CODE_1, `VEHICLE TYPE CODE 2` AS VEHICLE_TYPE_CODE_2 \
         FROM file('{}', 'CSVWithNames', '`CRASH DATE` String, `CRASH TIME` String, BOROUGH String, `ZIP CODE` String, \
         LATITUDE Float64, LONGITUDE Float64, LOCATION String, `ON STREET NAME` String, `CROSS STREET NAME` String, \
         `OFF STREET NAME` String, `CONTRIBUTING FACTOR VEHICLE 1` String, `CONTRIBUTING FACTOR VEHICLE 2` String, \
         COLLISION_ID Int32, `VEHICLE TYPE CODE 1` String, `VEHICLE TYPE CODE 2` String')",
        csv.display()
    )
}
