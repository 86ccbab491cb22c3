"""prepare_pandas.py <ml-1m|csv> <source> <output folder>

The preparation of the `reference` protocol in pandas: read, drop repeated pairs, 5-core, stable sort by user and
time, dense codes, leave-one-out split, write. What `toolrec import` does besides (checksums, a content hash, an
import report) is not asked of it. Prints one line of JSON.
"""

import json
import os
import re
import sys
import time

import numpy as np
import pandas as pd

names = ["user", "item", "rating", "timestamp"]
types = {"user": np.int32, "item": np.int32, "rating": np.float32, "timestamp": np.int64}


def read(kind, source):
    if kind == "ml-1m":
        # A delimiter of two characters would need the slow engine; every other column is empty instead.
        path = os.path.join(source, "ratings.dat.gz")
        return pd.read_csv(path, sep=":", header=None, usecols=[0, 2, 4, 6], names=["user", "a", "item", "b", "rating", "c", "timestamp"], dtype=types, engine="c")
    return pd.read_csv(os.path.join(source, "ratings.csv"), header=0, names=names, dtype=types, engine="c")


def core(frame, k):
    while True:
        users = frame["user"].map(frame["user"].value_counts())
        frame_users = frame[users >= k]
        items = frame_users["item"].map(frame_users["item"].value_counts())
        smaller = frame_users[items >= k]
        if len(smaller) == len(frame):
            return smaller
        frame = smaller


def peak_megabytes():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read()).group(1)) / 1024


def main():
    kind, source, output = sys.argv[1:4]
    started = time.perf_counter()
    frame = read(kind, source)
    rows = len(frame)
    reading = time.perf_counter() - started
    frame = frame.sort_values(["user", "timestamp"], kind="stable")
    frame = frame.drop_duplicates(["user", "item"], keep="first")
    frame = core(frame, 5)
    users, user_ids = pd.factorize(frame["user"])
    items, item_ids = pd.factorize(frame["item"])
    lengths = np.bincount(users)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.uint32)
    validation_end = offsets[1:] - (lengths >= 2)
    train_end = validation_end - (lengths >= 3)
    os.makedirs(output, exist_ok=True)
    columns = {
        "offsets": offsets,
        "items": items.astype(np.uint32),
        "ratings": frame["rating"].to_numpy(),
        "timestamps": frame["timestamp"].to_numpy(np.float64),
        "train_end": train_end.astype(np.uint32),
        "validation_end": validation_end.astype(np.uint32),
        "user_ids": np.asarray(user_ids),
        "item_ids": np.asarray(item_ids),
    }
    for name, values in columns.items():
        with open(os.path.join(output, name + ".npy"), "wb") as file:
            np.save(file, values)
            file.flush()
            os.fsync(file.fileno())
    print(
        json.dumps(
            {
                "version": pd.__version__,
                "seconds": time.perf_counter() - started,
                "readingSeconds": reading,
                "peakMegabytes": peak_megabytes(),
                "rows": rows,
                "users": len(user_ids),
                "items": len(item_ids),
                "interactions": len(frame),
            }
        )
    )


main()
