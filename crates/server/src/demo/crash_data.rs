//! A year of invented traffic accidents as a CSV stream, in the shape of New York's public collision data.
//!
//! `viewmill demo` loads it and `viewmill demo --write-csv` saves it. The same [`ROWS`] give the same bytes on every
//! machine: whole numbers only, no clock, no library's random numbers. One record in the middle is malformed on
//! purpose (a quote that is never closed on its line), so that a load has something to filter.

use std::io::Write as _;

/// Good records of the demo's file; the malformed one comes on top.
pub(super) const ROWS: u64 = 200_000;
const DAYS: u64 = 365;
const YEAR: u64 = 2014;
const CHUNK_BYTES: usize = 256 << 10;
/// A record's day lies up to so many days from its place in the file, as in a file written while reports come in.
const JITTER_DAYS: u64 = 4;

const HEADER: &str = "CRASH DATE,CRASH TIME,BOROUGH,ZIP CODE,LATITUDE,LONGITUDE,LOCATION,ON STREET NAME,\
    CROSS STREET NAME,OFF STREET NAME,NUMBER OF PERSONS INJURED,NUMBER OF PERSONS KILLED,\
    NUMBER OF PEDESTRIANS INJURED,NUMBER OF PEDESTRIANS KILLED,NUMBER OF CYCLIST INJURED,\
    NUMBER OF CYCLIST KILLED,NUMBER OF MOTORIST INJURED,NUMBER OF MOTORIST KILLED,\
    CONTRIBUTING FACTOR VEHICLE 1,CONTRIBUTING FACTOR VEHICLE 2,CONTRIBUTING FACTOR VEHICLE 3,\
    CONTRIBUTING FACTOR VEHICLE 4,CONTRIBUTING FACTOR VEHICLE 5,COLLISION_ID,VEHICLE TYPE CODE 1,\
    VEHICLE TYPE CODE 2,VEHICLE TYPE CODE 3,VEHICLE TYPE CODE 4,VEHICLE TYPE CODE 5\n";

/// The open quote swallows the line break and the next line up to that line's quoted location.
const MALFORMED: &str = "07/02/2014,14:15,,,40.6722269,-74.0110059,\"(40.6722269, -74.0110059)\",,,\"REAR OF 1 DOCK ST. (GATE 4\n\
    07/02/2014,5:30,BRONX,10473,40.8145510,-73.8490955,\"(40.8145510, -73.8490955)\",TORRY AVENUE,NORTON AVENUE,,\
    0,0,0,0,0,0,0,0,Unspecified,Unspecified,,,,2999999,TAXI,TAXI,,,\n";

struct Borough {
    name: &'static str,
    /// Of its middle, in ten millionths of a degree.
    latitude_e7: i64,
    longitude_e7: i64,
    first_zip: u64,
    zips: u64,
}

#[rustfmt::skip]
const BOROUGHS: [(Borough, u64); 5] = [
    (Borough { name: "BROOKLYN", latitude_e7: 406_500_000, longitude_e7: -739_500_000, first_zip: 11201, zips: 39 }, 30),
    (Borough { name: "MANHATTAN", latitude_e7: 407_650_000, longitude_e7: -739_750_000, first_zip: 10001, zips: 60 }, 27),
    (Borough { name: "QUEENS", latitude_e7: 407_200_000, longitude_e7: -738_200_000, first_zip: 11354, zips: 60 }, 26),
    (Borough { name: "BRONX", latitude_e7: 408_450_000, longitude_e7: -738_850_000, first_zip: 10451, zips: 25 }, 13),
    (Borough { name: "STATEN ISLAND", latitude_e7: 405_800_000, longitude_e7: -741_400_000, first_zip: 10301, zips: 12 }, 4),
];

/// Vehicle types with how many of 1,000 accidents involve them.
#[rustfmt::skip]
const VEHICLES: [(&str, u64); 18] = [
    ("PASSENGER VEHICLE", 557), ("SPORT UTILITY / STATION WAGON", 225), ("TAXI", 40), ("VAN", 33), ("OTHER", 30),
    ("PICK-UP TRUCK", 22), ("UNKNOWN", 20), ("SMALL COM VEH(4 TIRES) ", 16), ("LARGE COM VEH(6 OR MORE TIRES)", 15),
    ("BUS", 14), ("LIVERY VEHICLE", 11), ("MOTORCYCLE", 6), ("", 4), ("BICYCLE", 3), ("AMBULANCE", 1),
    ("FIRE TRUCK", 1), ("SCOOTER", 1), ("PEDICAB", 1),
];

#[rustfmt::skip]
const FACTORS: [&str; 20] = [
    "Unspecified", "Driver Inattention/Distraction", "Failure to Yield Right-of-Way", "Fatigued/Drowsy",
    "Other Vehicular", "Backing Unsafely", "Turning Improperly", "Following Too Closely", "Lost Consciousness",
    "Traffic Control Disregarded", "Driver Inexperience", "Pavement Slippery", "Alcohol Involvement",
    "Unsafe Lane Changing", "Unsafe Speed", "View Obstructed/Limited", "Oversized Vehicle", "Glare",
    "Brakes Defective", "Passenger Distraction",
];

#[rustfmt::skip]
const STREETS: [&str; 30] = [
    "BROADWAY", "ATLANTIC", "FLATBUSH", "LINDEN", "NORTHERN", "HYLAN", "JAMAICA", "NOSTRAND", "BEDFORD", "OCEAN",
    "FORDHAM", "GRAND", "ROCKAWAY", "UTICA", "METROPOLITAN", "ASTORIA", "HILLSIDE", "LEXINGTON", "AMSTERDAM",
    "MADISON", "PARK", "CANAL", "HOUSTON", "DELANCEY", "FULTON", "MYRTLE", "TREMONT", "WEBSTER", "JEROME", "FOREST",
];
const STREET_KINDS: [&str; 7] = ["AVENUE", "STREET", "BOULEVARD", "ROAD", "PLACE", "PARKWAY", "EXPRESSWAY"];
/// Names that a CSV reader has to get right, already quoted.
const ODD_STREETS: [&str; 4] = [
    "\"EAST RIVER DRIVE, NORTHBOUND\"",
    "\"QUEENSBORO BRIDGE \"\"UPPER\"\"\"",
    "O'BRIEN AVENUE",
    "\"\"\"THE\"\" BOWERY\"",
];

/// Accidents by hour of the day, per 1,000.
const HOURS: [u64; 24] =
    [26, 18, 14, 12, 13, 15, 23, 34, 56, 53, 49, 51, 54, 56, 66, 62, 70, 73, 66, 53, 44, 37, 34, 21];
/// Accidents by day of the week, Wednesday (1 January 2014) first; the average is 100.
const WEEKDAYS: [u64; 7] = [100, 103, 112, 98, 85, 98, 104];
const MONTH_DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// The file, in chunks of about 256 KiB that end at a line's end; the first begins with the header.
pub(super) struct CrashData {
    random: SplitMix,
    rows: u64,
    next_row: u64,
    /// Where rows stand in the year: the file's day and the weight of the days before and with it.
    day: u64,
    weight_through_day: u64,
    weight_of_year: u64,
}

impl CrashData {
    pub(super) fn new(rows: u64) -> Self {
        let weight_of_year = (0..DAYS).map(day_weight).sum();
        let random = SplitMix { state: 20_140_101 };
        CrashData { random, rows, next_row: 0, day: 0, weight_through_day: day_weight(0), weight_of_year }
    }

    fn write_row(&mut self, out: &mut Vec<u8>) {
        let place = self.next_row * self.weight_of_year / self.rows;
        while place >= self.weight_through_day {
            self.day += 1;
            self.weight_through_day += day_weight(self.day);
        }
        let day = within_year(self.day + self.random.below(2 * JITTER_DAYS + 1));
        let id = 3_000_000 + self.next_row;
        let random = &mut self.random;
        write_time(out, day, random);
        write_place(out, random);
        write_people(out, random);
        let vehicles = [(1, 17), (2, 74), (3, 7), (4, 1), (5, 1)];
        let vehicles = *random.weighted(&vehicles);
        for i in 0..5 {
            let factor = if i > 0 && random.chance(820) { 0 } else { random.skewed(FACTORS.len() as u64) };
            append(out, format_args!("{},", if i < vehicles { FACTORS[factor as usize] } else { "" }));
        }
        append(out, format_args!("{id}"));
        for i in 0..5 {
            let kind = random.weighted(&VEHICLES);
            append(out, format_args!(",{}", if i < vehicles { kind } else { "" }));
        }
        out.push(b'\n');
    }
}

impl Iterator for CrashData {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.next_row >= self.rows {
            return None;
        }
        let mut out = Vec::with_capacity(CHUNK_BYTES + 1024);
        if self.next_row == 0 {
            out.extend_from_slice(HEADER.as_bytes());
        }
        while self.next_row < self.rows && out.len() < CHUNK_BYTES {
            self.write_row(&mut out);
            self.next_row += 1;
            if self.next_row == self.rows.div_ceil(2) {
                out.extend_from_slice(MALFORMED.as_bytes());
            }
        }
        Some(out)
    }
}

fn write_time(out: &mut Vec<u8>, day: u64, random: &mut SplitMix) {
    let (month, day_of_month) = calendar(day);
    let hour = random.weighted_index(&HOURS);
    let minute = random.below(60);
    // People report round times.
    let minute = if random.chance(450) { minute / 10 * 10 } else { minute };
    append(out, format_args!("{month:02}/{day_of_month:02}/{YEAR},{hour}:{minute:02},"));
}

fn write_place(out: &mut Vec<u8>, random: &mut SplitMix) {
    let borough = random.weighted(&BOROUGHS);
    if random.chance(240) {
        out.extend_from_slice(b",,");
    } else {
        append(out, format_args!("{},{},", borough.name, borough.first_zip + random.below(borough.zips)));
    }
    if random.chance(140) {
        out.extend_from_slice(b",,,");
    } else {
        let latitude = degrees(borough.latitude_e7 + random.around_zero(900_000));
        let longitude = degrees(borough.longitude_e7 + random.around_zero(900_000));
        append(out, format_args!("{latitude},{longitude},\"({latitude}, {longitude})\","));
    }
    if random.chance(160) {
        let house = 1 + random.below(4000);
        append(out, format_args!(",,{:<40},", format!("{house} {}", street(random))));
    } else if random.chance(2) {
        append(out, format_args!("{},,,", ODD_STREETS[random.below(ODD_STREETS.len() as u64) as usize]));
    } else {
        append(out, format_args!("{:<32},", street(random)));
        match random.chance(80) {
            true => out.extend_from_slice(b",,"),
            false => append(out, format_args!("{:<32},,", street(random))),
        }
    }
}

/// The eight counts of injured and killed: persons, then pedestrians, cyclists and motorists, which add up to them.
fn write_people(out: &mut Vec<u8>, random: &mut SplitMix) {
    let injured = *random.weighted(&[(0, 800), (1, 160), (2, 28), (3, 8), (5, 4)]);
    let killed = u64::from(random.chance(1));
    let (pedestrians, cyclists) = *random.weighted(&[((0, 0), 62), ((1, 0), 27), ((0, 1), 11)]);
    let motorists = 1 - pedestrians - cyclists;
    append(out, format_args!("{injured},{killed},{},{},", injured * pedestrians, killed * pedestrians));
    append(
        out,
        format_args!("{},{},{},{},", injured * cyclists, killed * cyclists, injured * motorists, killed * motorists),
    );
}

fn street(random: &mut SplitMix) -> String {
    let kind = STREET_KINDS[random.skewed(STREET_KINDS.len() as u64) as usize];
    match random.chance(400) {
        true => format!("EAST {} STREET", 1 + random.below(240)),
        false => format!("{} {kind}", STREETS[random.skewed(STREETS.len() as u64) as usize]),
    }
}

/// How busy a day is: the weekday, and 10 % more at midsummer than at midwinter.
fn day_weight(day: u64) -> u64 {
    let from_midsummer = day.abs_diff(DAYS / 2);
    WEEKDAYS[(day % 7) as usize] * (1100 - from_midsummer * 100 / (DAYS / 2))
}

/// Takes a day that is [`JITTER_DAYS`] too late; what lies outside the year is mirrored into it.
fn within_year(late_day: u64) -> u64 {
    match late_day.checked_sub(JITTER_DAYS) {
        None => JITTER_DAYS - 1 - late_day,
        Some(day) if day >= DAYS => 2 * DAYS - 1 - day,
        Some(day) => day,
    }
}

fn calendar(day_of_year: u64) -> (usize, u64) {
    let mut day = day_of_year;
    for (month, days) in MONTH_DAYS.iter().enumerate() {
        if day < *days {
            return (month + 1, day + 1);
        }
        day -= days;
    }
    (MONTH_DAYS.len(), 31)
}

fn degrees(e7: i64) -> String {
    let sign = if e7 < 0 { "-" } else { "" };
    format!("{sign}{}.{:07}", e7.abs() / 10_000_000, e7.abs() % 10_000_000)
}

fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a Vec cannot fail");
}

/// SplitMix64: small, and the same everywhere.
struct SplitMix {
    state: u64,
}

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `n - 1`; `n` is below 2^32.
    fn below(&mut self, n: u64) -> u64 {
        ((self.next() >> 32) * n) >> 32
    }

    fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// A number from 0 to `n - 1`, small ones more often.
    fn skewed(&mut self, n: u64) -> u64 {
        let (a, b) = (self.below(n), self.below(n));
        a * b / n
    }

    /// About normally distributed: the sum of four throws.
    fn around_zero(&mut self, spread: u64) -> i64 {
        let sum: u64 = (0..4).map(|_| self.below(spread)).sum();
        sum as i64 - 2 * spread as i64
    }

    fn weighted<'a, T>(&mut self, choices: &'a [(T, u64)]) -> &'a T {
        let mut left = self.below(choices.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in choices {
            if left < *weight {
                return value;
            }
            left -= weight;
        }
        &choices[choices.len() - 1].0
    }

    fn weighted_index(&mut self, weights: &[u64]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (i, weight) in weights.iter().enumerate() {
            if left < *weight {
                return i;
            }
            left -= weight;
        }
        weights.len() - 1
    }
}

#[cfg(test)]
mod tests;
