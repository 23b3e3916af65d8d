"""SIFT of one image, again and again, in OpenCV; prints one JSON line.

Arguments: a file with the image's bytes (grey), its side, and the seconds to measure for.
"""
import json
import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np

image = np.frombuffer(Path(sys.argv[1]).read_bytes(), np.uint8).reshape(int(sys.argv[2]), -1)
cv2.setNumThreads(1)
sift = cv2.SIFT_create()
sift.detectAndCompute(image, None)


def processor():
    used = os.times()
    return used.user + used.system


began, used, count = time.perf_counter(), processor(), 0
while time.perf_counter() - began < float(sys.argv[3]):
    points, _ = sift.detectAndCompute(image, None)
    count += 1
seconds, processor_seconds = time.perf_counter() - began, processor() - used
print(json.dumps({"seconds": seconds / count, "processorSeconds": processor_seconds / count, "points": len(points), "version": cv2.__version__}))
