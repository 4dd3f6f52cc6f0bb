#!/usr/bin/env python3
"""Writes a CSV like New York's motor vehicle collisions of 2014 and 2015, the same bytes for the same arguments.

  gen_crash.py OUT.csv                  423,725 records, one malformed record, 10,467 pairs of day and vehicle type
  gen_crash.py OUT.csv --malformed 0    without the malformed record
  gen_crash.py OUT.csv --copies 43      every record 43 times with new collision ids: 18,220,175 records, the same pairs

29 columns, about 230 bytes a record, with what makes real files hard: street names padded with spaces, locations with a
comma in quotes, doubled quotes, empty fields, hours of one digit, and a record whose quote is never closed, so that it
swallows the line after it and splits into too many fields. Standard library only.
"""
import argparse
import datetime
import random

COLUMNS = [
    "CRASH DATE", "CRASH TIME", "BOROUGH", "ZIP CODE", "LATITUDE", "LONGITUDE", "LOCATION", "ON STREET NAME",
    "CROSS STREET NAME", "OFF STREET NAME", "NUMBER OF PERSONS INJURED", "NUMBER OF PERSONS KILLED",
    "NUMBER OF PEDESTRIANS INJURED", "NUMBER OF PEDESTRIANS KILLED", "NUMBER OF CYCLIST INJURED",
    "NUMBER OF CYCLIST KILLED", "NUMBER OF MOTORIST INJURED", "NUMBER OF MOTORIST KILLED",
    *(f"CONTRIBUTING FACTOR VEHICLE {i}" for i in range(1, 6)), "COLLISION_ID",
    *(f"VEHICLE TYPE CODE {i}" for i in range(1, 6)),
]
VEHICLES = {
    "PASSENGER VEHICLE": 5600, "SPORT UTILITY / STATION WAGON": 2250, "TAXI": 400, "VAN": 330, "OTHER": 300,
    "PICK-UP TRUCK": 220, "UNKNOWN": 200, "SMALL COM VEH(4 TIRES) ": 160, "LARGE COM VEH(6 OR MORE TIRES)": 150,
    "BUS": 140, "LIVERY VEHICLE": 110, "MOTORCYCLE": 60, "": 40, "BICYCLE": 30, "AMBULANCE": 25, "FIRE TRUCK": 10,
    "SCOOTER": 5, "PEDICAB": 2,
}
FACTORS = {
    "Unspecified": 400, "Driver Inattention/Distraction": 180, "Failure to Yield Right-of-Way": 60,
    "Fatigued/Drowsy": 55, "Backing Unsafely": 40, "Other Vehicular": 35, "Turning Improperly": 30,
    "Lost Consciousness": 25, "Following Too Closely": 25, "Pavement Slippery": 15, "Alcohol Involvement": 12,
    "Unsafe Speed": 10, "Oversized Vehicle": 8, "Traffic Control Disregarded": 8, "View Obstructed/Limited": 6,
    "Brakes Defective": 4, "Glare": 3, "Pedestrian/Bicyclist/Other Pedestrian Error/Confusion": 3, "": 2,
}
# Name, share, a corner of it, first and number of its postal codes.
BOROUGHS = [
    ("BROOKLYN", 30, 40.65, -73.95, 11201, 39), ("QUEENS", 26, 40.72, -73.82, 11354, 60),
    ("MANHATTAN", 27, 40.765, -73.975, 10001, 60), ("BRONX", 13, 40.845, -73.885, 10451, 25),
    ("STATEN ISLAND", 4, 40.58, -74.14, 10301, 12),
]
NAMES = ["BROADWAY", "ATLANTIC", "FLATBUSH", "LINDEN", "NORTHERN", "HYLAN", "JAMAICA", "NOSTRAND", "BEDFORD", "OCEAN",
         "FORDHAM", "GRAND", "ROCKAWAY", "UTICA", "CONEY ISLAND", "METROPOLITAN", "ASTORIA", "HILLSIDE", "LEXINGTON",
         "AMSTERDAM", "COLUMBUS", "MADISON", "CANAL", "HOUSTON", "DELANCEY", "FULTON", "MYRTLE", "TREMONT", "VICTORY"]
KINDS = ["AVENUE", "STREET", "BOULEVARD", "PARKWAY", "ROAD", "PLACE", "DRIVE", "EXPRESSWAY"]
ODD_STREETS = ['ED KOCH QUEENSBORO BRG "UPPER"', "FDR DRIVE, NORTHBOUND", '"THE" BOWERY', "O'BRIEN AVENUE"]
HOUR_SHARES = [26, 18, 14, 12, 13, 15, 23, 34, 56, 53, 49, 51, 54, 56, 66, 62, 70, 73, 66, 53, 44, 37, 34, 29]
COMMON_VEHICLES = 11


def quoted(text):
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


class Picker:
    """Draws from values with weights."""

    def __init__(self, rng, weighted):
        self.rng, self.values = rng, list(weighted)
        total, self.sums = 0, []
        for weight in weighted.values():
            total += weight
            self.sums.append(total)

    def __call__(self):
        return self.rng.choices(self.values, cum_weights=self.sums)[0]


def vehicles_per_day(rng, days, groups):
    """For each day the vehicle types that occur on it, `groups` pairs in all; the common types occur on every day."""
    each, rest = divmod(groups, days)
    longer = set(rng.sample(range(days), rest))
    names = list(VEHICLES)
    if not COMMON_VEHICLES <= each < len(names):
        raise SystemExit(f"--groups must be {COMMON_VEHICLES} to {len(names) - 1} times --days")
    chosen = []
    for day in range(days):
        rare = rng.sample(names[COMMON_VEHICLES:], each + (day in longer) - COMMON_VEHICLES)
        chosen.append({name: VEHICLES[name] for name in names[:COMMON_VEHICLES] + rare})
    return chosen


def days_and_vehicles(rng, rows, days, groups):
    """`rows` pairs in the rough order of their days, as such files are; every chosen pair occurs."""
    per_day = vehicles_per_day(rng, days, groups)
    pickers = [Picker(rng, vehicles) for vehicles in per_day]
    weekday = [98, 100, 102, 103, 112, 98, 85]
    extra = rng.choices(range(days), weights=[weekday[d % 7] for d in range(days)], k=rows - groups)
    pairs = [(d, vehicle) for d, vehicles in enumerate(per_day) for vehicle in vehicles]
    pairs += [(d, pickers[d]()) for d in extra]
    return sorted(pairs, key=lambda pair: pair[0] + rng.gauss(0, 4))


def street(rng):
    if rng.random() < 0.002:
        return rng.choice(ODD_STREETS)
    if rng.random() < 0.5:
        name = f"{rng.choice(('EAST ', 'WEST ', ''))}{int(258 * rng.random() ** 2) + 1} {rng.choice(KINDS[:2])}"
    else:
        name = f"{rng.choice(NAMES)} {rng.choice(KINDS)}"
    return name.ljust(32)


def place(rng):
    """Borough, postal code, latitude, longitude and location, each of which may be missing."""
    name, _, south, west, zip_first, zip_count = rng.choices(BOROUGHS, weights=[b[1] for b in BOROUGHS])[0]
    borough, postal = (name, str(zip_first + int(zip_count * rng.random()))) if rng.random() > 0.24 else ("", "")
    if rng.random() < 0.14:
        return borough, postal, "", "", ""
    latitude, longitude = f"{south + rng.gauss(0, 0.045):.7f}", f"{west + rng.gauss(0, 0.045):.7f}"
    return borough, postal, latitude, longitude, f'"({latitude}, {longitude})"'


def people(rng):
    """Injured and killed: all persons, pedestrians, cyclists, motorists."""
    injured = min(12, int(rng.expovariate(1.8))) if rng.random() < 0.35 else 0
    killed = int(rng.random() < 0.0012)
    who = rng.choices(range(3), weights=(25, 10, 65))[0]
    split = [(injured, killed) if i == who else (0, 0) for i in range(3)]
    return [str(n) for pair in [(injured, killed), *split] for n in pair]


def records(rng, args):
    """The text of every record before and after its collision id."""
    factor, vehicle = Picker(rng, FACTORS), Picker(rng, VEHICLES)
    start = datetime.date(2014, 1, 1)
    dates = [(start + datetime.timedelta(days=d)).strftime("%m/%d/%Y") for d in range(args.days)]
    for day, first_vehicle in days_and_vehicles(rng, args.rows, args.days, args.groups):
        hour = rng.choices(range(24), weights=HOUR_SHARES)[0]
        minute = rng.randrange(60) if rng.random() < 0.55 else 10 * rng.randrange(6)
        on = cross = off = ""
        if rng.random() < 0.16:
            off = f"{rng.randrange(1, 4000)}      {street(rng).strip()}".ljust(40)
        else:
            on, cross = street(rng), street(rng) if rng.random() > 0.08 else ""
        involved = rng.choices((1, 2, 3, 4, 5), weights=(170, 735, 75, 15, 5))[0]
        factors = [factor()] + ["Unspecified" if rng.random() < 0.82 else factor() for _ in range(involved - 1)]
        vehicles = [first_vehicle] + [vehicle() for _ in range(involved - 1)]
        blank = [""] * (5 - involved)
        before = [dates[day], f"{hour}:{minute:02d}", *place(rng), quoted(on), quoted(cross), quoted(off), *people(rng),
                  *factors, *blank]
        yield ",".join(before) + ",", "," + ",".join(vehicles + blank) + "\n"


def malformed(number):
    """One logical record in two lines: the quote before R/O is closed by the first quote of the next line."""
    return ('09/06/2015,14:15,,,40.6722269,-74.0110059,"(40.6722269, -74.0110059)",,,"R/O 1 BEARD ST. ( IKEA\'S \n'
            '09/14/2015,5:30,BRONX,10473,40.814551,-73.8490955,"(40.814551, -73.8490955)",TORRY AVENUE                    ,'
            'NORTON AVENUE                   ,,0,0,0,0,0,0,0,0,Driver Inattention/Distraction,Unspecified,,,,'
            f'{2_999_999 - number},PASSENGER VEHICLE,PASSENGER VEHICLE,,,\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--rows", type=int, default=423_725)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--groups", type=int, default=10_467, help="pairs of day and first vehicle type")
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--malformed", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2014)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    texts = list(records(rng, args))
    bad_before = {position: n for n, position in enumerate(sorted(rng.sample(range(args.rows), args.malformed)))}
    with open(args.out, "w", newline="", encoding="utf-8") as out:
        out.write(",".join(COLUMNS) + "\n")
        for copy in range(args.copies):
            for i, (before, after) in enumerate(texts):
                if copy == 0 and i in bad_before:
                    out.write(malformed(bad_before[i]))
                out.write(f"{before}{3_000_000 + copy * args.rows + i}{after}")


if __name__ == "__main__":
    main()
