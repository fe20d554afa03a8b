"""The confusion matrix of two masks by scikit-learn, band by band as rasterio reads them: scikit_side.py TRUTH PREDICTION ID… Prints JSON."""

import json
import sys
import time

import numpy
import rasterio
import sklearn
from rasterio.windows import Window
from sklearn.metrics import confusion_matrix

truth_path, prediction_path, *ids = sys.argv[1:]
labels = [int(each) for each in ids]
before = time.perf_counter()
counts = numpy.zeros((len(labels), len(labels)), dtype=numpy.int64)
with rasterio.open(truth_path) as truth, rasterio.open(prediction_path) as prediction:
    for row in range(0, truth.height, 512):
        window = Window(0, row, truth.width, min(512, truth.height - row))
        counts += confusion_matrix(
            truth.read(1, window=window).ravel(), prediction.read(1, window=window).ravel(), labels=labels
        )
print(
    json.dumps(
        {
            "milliseconds": (time.perf_counter() - before) * 1000,
            "confusion": counts.tolist(),
            "version": sklearn.__version__,
        }
    )
)
