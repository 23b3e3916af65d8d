"""What the Python programs of this folder share: options, timed windows, the line they print."""
import argparse
import json
import os
import resource
import statistics
import time


def seconds_since_start():
    """Seconds since this process was started, its imports included (Linux; elsewhere since this line's import)."""
    try:
        with open("/proc/self/stat") as stat, open("/proc/uptime") as uptime:
            ticks = int(stat.read().rsplit(")", 1)[1].split()[19])
            return float(uptime.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")
    except OSError:
        return time.perf_counter() - _imported


_imported = time.perf_counter()


def options(**more):
    """The command line: --batch, --threads, --windows, --seconds, --max-seconds, and those given."""
    parser = argparse.ArgumentParser()
    shared = dict(batch=0, threads=os.cpu_count() or 1, windows=5, seconds=1.0, max_seconds=60.0)
    for name, value in {**shared, **more}.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    return parser.parse_args()


def rates(step, given):
    """Calls of step() per second: one number for each timed window, after one untimed call."""
    deadline = time.perf_counter() + given.max_seconds
    started = time.perf_counter()
    step()
    steps = max(1, round(given.seconds / max(1e-9, time.perf_counter() - started)))
    found = []
    while len(found) < given.windows and (not found or time.perf_counter() < deadline):
        started = time.perf_counter()
        for _ in range(steps):
            step()
        found.append(steps / (time.perf_counter() - started))
    return found


def report(rates_found, scale, key, **line):
    """Prints the median as one JSON line, with the number of windows and their spread."""
    low, high = min(rates_found) * scale, max(rates_found) * scale
    print(json.dumps({
        "event": "bench", **line,
        key: round(statistics.median(rates_found) * scale, 2),
        "windows": len(rates_found), "lowest": round(low, 2), "highest": round(high, 2),
        "rssMb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, 1),
    }), flush=True)
