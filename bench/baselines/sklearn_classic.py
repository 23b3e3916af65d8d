"""Trains a classic pipeline of scikit-learn (and scikit-image) on Fashion-MNIST; prints one JSON line.

Arguments: the task (rbf-svm or hog-linear-svm), the folder with the data set's files, the number of training images.
"""
import gzip
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

task, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])


def read(name, offset):
    plain = folder / name
    data = plain.read_bytes() if plain.exists() else gzip.decompress((folder / f"{name}.gz").read_bytes())
    return np.frombuffer(data, np.uint8, offset=offset)


images = read("train-images-idx3-ubyte", 16).reshape(-1, 28, 28)[:count]
labels = read("train-labels-idx1-ubyte", 8)[:count]
test_images = read("t10k-images-idx3-ubyte", 16).reshape(-1, 28, 28)
test_labels = read("t10k-labels-idx1-ubyte", 8)

if task == "rbf-svm":
    import sklearn
    from sklearn.svm import SVC

    model = SVC(C=10)
    version = sklearn.__version__

    def features(of):
        return (of.reshape(len(of), -1) / 255).astype(np.float32)

else:
    import skimage
    import sklearn
    from skimage.feature import hog
    from sklearn.svm import LinearSVC

    model = LinearSVC(C=1)
    version = f"{sklearn.__version__}, scikit-image {skimage.__version__}"

    def features(of):
        return np.array([hog(one, pixels_per_cell=(4, 4), cells_per_block=(2, 2)) for one in of], np.float32)


def processor():
    used = os.times()
    return used.user + used.system


began, used = time.perf_counter(), processor()
model.fit(features(images), labels)
seconds, processor_seconds = time.perf_counter() - began, processor() - used
accuracy = float(model.score(features(test_images), test_labels)) if "--test" in sys.argv else None
print(json.dumps({"seconds": seconds, "processorSeconds": processor_seconds, "testAccuracy": accuracy, "version": version}))
