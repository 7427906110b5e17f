"""Writes the Parquet files beside it, as pandas and polars write them:

    pip install pandas==3.1.1 pyarrow==26.0.1 polars==2.1.0
    python3 make.py
"""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pandas
import polars
import pyarrow
import pyarrow.parquet

here = Path(__file__).parent

# Two shops of 40 days, one value missing. pandas packs with snappy, and has times in nanoseconds.
days = pandas.date_range("2024-01-01", periods=40).astype("datetime64[ns]")
demand = pandas.DataFrame(
    {
        "unique_id": pandas.Categorical([f"shop-{shop}" for shop in range(2) for _ in days]),
        "ds": list(days) * 2,
        "y": [float(10 * (1 + shop) + day % 7) for shop in range(2) for day in range(40)],
        "promo": [day % 5 == 0 for _ in range(2) for day in range(40)],
    }
)
demand["promo"] = demand["promo"].astype("int8")
demand.to_parquet(here / "demand.parquet", index=False)
demand[demand["y"] > 15].to_parquet(here / "indexed.parquet")

# Twenty machines of five steps, in several groups of rows. polars packs with zstd.
rows = range(100)
start = datetime(2024, 3, 1, tzinfo=timezone.utc)
polars.DataFrame(
    {
        "machine": polars.Series([row // 5 for row in rows], dtype=polars.UInt16),
        "label": polars.Series([["dull", "worn"][row // 5 % 2] for row in rows], dtype=polars.Categorical),
        "at": polars.Series([start + timedelta(minutes=row) for row in rows], dtype=polars.Datetime("ms", "UTC")),
        "heat": polars.Series([None if row == 57 else row / 10 for row in rows], dtype=polars.Float32),
        "load": polars.Series([row * 10**10 for row in rows], dtype=polars.Int64),
    }
).write_parquet(here / "wear.parquet", row_group_size=30)

polars.DataFrame(
    {
        "text": [f"words of\nline {row}, é" for row in range(20)],
        "label": [["up", "down"][row % 2] for row in range(20)],
    }
).write_parquet(here / "texts.parquet")

# Columns that are no numbers, texts or times.
odd = {
    "list": pyarrow.array([[1, 2], [3]]),
    "struct": pyarrow.array([{"a": 1}, {"a": 2}]),
    "binary": pyarrow.array([b"\xff", b"\x00"]),
    "decimal": pyarrow.array([Decimal("1.5"), Decimal("2.5")]),
    "half": pyarrow.array([1.5, 2.5], type=pyarrow.float16()),
    "daytime": pyarrow.array([1, 2], type=pyarrow.time32("ms")),
}
for name, column in odd.items():
    pyarrow.parquet.write_table(pyarrow.table({"x": [1.0, 2.0], name: column}), here / f"{name}.parquet")

# All that is read beside them.
pyarrow.parquet.write_table(
    pyarrow.table(
        {
            "bool": [True, None],
            "i8": pyarrow.array([-128, 127], type=pyarrow.int8()),
            "u8": pyarrow.array([0, 255], type=pyarrow.uint8()),
            "u32": pyarrow.array([0, 2**32 - 1], type=pyarrow.uint32()),
            "u64": pyarrow.array([0, 2**64 - 1], type=pyarrow.uint64()),
            "f32": pyarrow.array([0.1, float("nan")], type=pyarrow.float32()),
            "f64": [1e300, -0.25],
            "date": pyarrow.array([0, 19783], type=pyarrow.date32()),
            "ns": pyarrow.array([1, -1], type=pyarrow.timestamp("ns")),
            "us": pyarrow.array([1_709_251_200_000_000, 1], type=pyarrow.timestamp("us", tz="UTC")),
            "text": ["é", ""],
        }
    ),
    here / "kinds.parquet",
    compression="none",
)

# A file that a JVM would write: times of 96 bits.
pyarrow.parquet.write_table(
    pyarrow.table({"at": pyarrow.array([0, 86_400_000_000_001], type=pyarrow.timestamp("ns"))}),
    here / "int96.parquet",
    use_deprecated_int96_timestamps=True,
)

pyarrow.parquet.write_table(
    pyarrow.table({"x": [1.0] * 100, "y": [2.0] * 100}), here / "gzip.parquet", compression="gzip"
)
