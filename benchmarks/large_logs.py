"""How long a log of ten million item rows takes to be read and summarised, and how much memory.

    .venv/bin/python benchmarks/large_logs.py                     # CSV, CSV in gz, CSV with one bad line, Parquet
    .venv/bin/python benchmarks/large_logs.py --rows 1000000 --format csv --format parquet

Files are made from a seed, each format is read in a process of its own, and what was read is held against what was
made. The table goes to the screen; `--folder` keeps the files.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

FORMATS = ("csv", "csv.gz", "bad.csv", "parquet")
CHUNK = 1_000_000
FIRST_DAY, DAYS = np.datetime64("2021-01-01"), 1400
BAD_LINE = "9,C0000001,2022-02-02,S1,1,5.00,one cell too many\n"

READ = """
import json, resource, sys, time
started = time.perf_counter()
from kundenwert.data import read_transactions, summarise
log = read_transactions(sys.argv[1])
read = time.perf_counter() - started
summary = summarise(log)
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
table = summary.table
print(json.dumps({
    "read": read, "seconds": seconds, "cpu": time.process_time(), "peak": peak, "customers": len(table),
    "purchases": int(table["frequency"].sum()) + len(table), "revenue": float(table["value_to_date"].sum()),
}))
"""


def chunks(rows, seed):
    """Item rows in pieces: orders of about three items, customers of uneven eagerness."""
    rng = np.random.default_rng(seed)
    order = 0
    for start in range(0, rows, CHUNK):
        count = min(CHUNK, rows - start)
        orders = order + np.cumsum(rng.random(count) < 1 / 3)
        new = np.unique(orders)
        customers = (rng.beta(0.6, 3.0, new.size) * rows / 20).astype(np.int64)
        days = rng.integers(0, DAYS, new.size)
        which = np.searchsorted(new, orders)
        cents = rng.integers(99, 19_999, count)
        order = int(orders[-1]) + 1
        yield customers[which], days[which], cents, orders, rng.integers(0, 5000, count), rng.integers(1, 6, count)


def table_of(customers, days, cents, orders, skus, quantities):
    """One piece as a table of the columns of an export."""
    name = pc.binary_join_element_wise("C", pc.utf8_lpad(pa.array(customers).cast(pa.string()), 7, "0"), "")
    return pa.table(
        {
            "order_id": pa.array(orders + 100_000_000),
            "customer_id": name,
            "date": pa.array(FIRST_DAY + days).cast(pa.date32()),
            "sku": pc.binary_join_element_wise("S", pa.array(skus).cast(pa.string()), ""),
            "quantity": pa.array(quantities),
            "amount": pa.array(cents / 100),
        }
    )


def make(folder, rows, seed):
    """Write the files; return what is true of them."""
    pairs, cents = [], 0
    csv, parquet = folder / "log.csv", folder / "log.parquet"
    with csv.open("wb") as text:
        writer = None
        for piece in chunks(rows, seed):
            pairs = [np.unique(np.concatenate([*pairs, piece[0] * DAYS + piece[1]]))]
            cents += int(piece[2].sum())
            table = table_of(*piece)
            writer = writer or pq.ParquetWriter(parquet, table.schema)
            writer.write_table(table)
            pcsv.write_csv(table, text, pcsv.WriteOptions(include_header=text.tell() == 0, quoting_style="none"))
        writer.close()
    with csv.open("rb") as old, gzip.open(folder / "log.csv.gz", "wb", compresslevel=1) as new:
        shutil.copyfileobj(old, new, 1 << 20)
    shutil.copyfile(csv, folder / "log.bad.csv")
    with (folder / "log.bad.csv").open("a") as file:
        file.write(BAD_LINE)
    return {"customers": np.unique(pairs[0] // DAYS).size, "purchases": pairs[0].size, "revenue": cents / 100}


def main():
    """Make the files, read each in a process of its own, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", action="append", choices=FORMATS)
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        truth_file = folder / f"truth-{chosen.rows}-{chosen.seed}.json"
        if not truth_file.exists():
            started = time.perf_counter()
            truth_file.write_text(json.dumps(make(folder, chosen.rows, chosen.seed)))
            print(f"made in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        truth = json.loads(truth_file.read_text())
        print(f"{chosen.rows:,} item rows; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        columns = ("format", "MB", "read s", "all s", "cpu s", "peak MB", "customers", "purchases", "revenue", "right")
        print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
        for name in chosen.format or FORMATS:
            file = folder / f"log.{name}"
            done = subprocess.run([sys.executable, "-c", READ, file], capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"| {name} | {done.stderr.strip().splitlines()[-1]} |")
                continue
            got = json.loads(done.stdout)
            right = all(abs(got[key] - truth[key]) < 0.005 for key in truth)
            times = " | ".join(f"{got[key]:.1f}" for key in ("read", "seconds", "cpu", "peak"))
            found = f"{got['customers']:,} | {got['purchases']:,} | {got['revenue']:,.2f} | {'yes' if right else 'NO'}"
            print(f"| {name} | {file.stat().st_size / 1e6:.0f} | {times} | {found} |", flush=True)


if __name__ == "__main__":
    main()
