"""PyTorch with memory that stays with the process: what a careful user of a Linux machine sets."""
import os
import sys

# The C library gives nothing back between two steps, and takes huge pages if the system has some.
SETTINGS = {
    "THP_MEM_ALLOC_ENABLE": "1",
    "GLIBC_TUNABLES": ":".join(
        f"glibc.malloc.{setting}"
        for setting in ("mmap_threshold=17179869184", "trim_threshold=17179869184", "hugetlb=1")),
}


def keep_memory():
    """Starts this program again under the settings, which are read once, as a process begins; returns under them.

    As it comes, each large tensor of a step is fetched from the system, page by page, and cleared again: on a
    two-core machine that was a third of the time. Elsewhere than on Linux this does nothing.
    """
    if sys.platform == "linux" and any(os.environ.get(name) != value for name, value in SETTINGS.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **SETTINGS})
