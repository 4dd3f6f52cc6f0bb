//! The statements and headers of the demo; README.md's tutorial shows the same ones.

pub(super) const DATABASE: &str = "quickstart";
pub(super) const TABLE: &str = "crashdata";
pub(super) const VIEW: &str = "mv_crashdata";
/// A second run on the same directory finds this label used and loads nothing twice.
pub(super) const LABEL: &str = "crashdata-2014";

pub(super) const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS crashdata (
    CRASH_DATE DATETIME,
    BOROUGH STRING,
    ZIP_CODE STRING,
    LATITUDE INT,
    LONGITUDE INT,
    LOCATION STRING,
    ON_STREET_NAME STRING,
    CROSS_STREET_NAME STRING,
    OFF_STREET_NAME STRING,
    CONTRIBUTING_FACTOR_VEHICLE_1 STRING,
    CONTRIBUTING_FACTOR_VEHICLE_2 STRING,
    COLLISION_ID INT,
    VEHICLE_TYPE_CODE_1 STRING,
    VEHICLE_TYPE_CODE_2 STRING
)";

/// Names for the 29 fields of the file, and CRASH_DATE made of the first two; names that are no column are read over.
pub(super) const COLUMNS: &str = "tmp_CRASH_DATE, tmp_CRASH_TIME, \
    CRASH_DATE=str_to_date(concat_ws(' ', tmp_CRASH_DATE, tmp_CRASH_TIME), '%m/%d/%Y %H:%i'), \
    BOROUGH, ZIP_CODE, LATITUDE, LONGITUDE, LOCATION, ON_STREET_NAME, CROSS_STREET_NAME, OFF_STREET_NAME, \
    NUMBER_OF_PERSONS_INJURED, NUMBER_OF_PERSONS_KILLED, NUMBER_OF_PEDESTRIANS_INJURED, \
    NUMBER_OF_PEDESTRIANS_KILLED, NUMBER_OF_CYCLIST_INJURED, NUMBER_OF_CYCLIST_KILLED, \
    NUMBER_OF_MOTORIST_INJURED, NUMBER_OF_MOTORIST_KILLED, CONTRIBUTING_FACTOR_VEHICLE_1, \
    CONTRIBUTING_FACTOR_VEHICLE_2, CONTRIBUTING_FACTOR_VEHICLE_3, CONTRIBUTING_FACTOR_VEHICLE_4, \
    CONTRIBUTING_FACTOR_VEHICLE_5, COLLISION_ID, VEHICLE_TYPE_CODE_1, VEHICLE_TYPE_CODE_2, \
    VEHICLE_TYPE_CODE_3, VEHICLE_TYPE_CODE_4, VEHICLE_TYPE_CODE_5";

pub(super) const LOAD_HEADERS: [(&str, &str); 6] = [
    ("label", LABEL),
    ("column_separator", ","),
    ("skip_header", "1"),
    ("enclose", "\""),
    ("max_filter_ratio", "1"),
    ("columns", COLUMNS),
];

pub(super) const CREATE_VIEW: &str = "CREATE MATERIALIZED VIEW IF NOT EXISTS mv_crashdata
REFRESH ASYNC START('2024-01-01 00:00:00') EVERY(INTERVAL 10 MINUTE)
AS SELECT
    date_trunc('day', CRASH_DATE) AS Time,
    VEHICLE_TYPE_CODE_1,
    count(*) AS CNT
FROM quickstart.crashdata
GROUP BY Time, VEHICLE_TYPE_CODE_1";

pub(super) const VIEW_STATUS: &str = "SELECT IS_ACTIVE, INACTIVE_REASON, LAST_REFRESH_STATE, LAST_REFRESH_ERROR_MESSAGE
FROM information_schema.materialized_views
WHERE TABLE_SCHEMA = 'quickstart' AND TABLE_NAME = 'mv_crashdata'";

pub(super) const REFRESH_VIEW: &str = "REFRESH MATERIALIZED VIEW mv_crashdata WITH SYNC MODE";

pub(super) const ASK_TABLE: &str = "SELECT date_trunc('month', CRASH_DATE) AS Month, VEHICLE_TYPE_CODE_1 AS Vehicle, \
    count(*) AS Crashes FROM crashdata GROUP BY Month, Vehicle ORDER BY Crashes DESC, Month, Vehicle";
pub(super) const ASK_VIEW: &str = "SELECT date_trunc('month', Time) AS Month, VEHICLE_TYPE_CODE_1 AS Vehicle, \
    sum(CNT) AS Crashes FROM mv_crashdata GROUP BY Month, Vehicle ORDER BY Crashes DESC, Month, Vehicle";
