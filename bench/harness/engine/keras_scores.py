"""Trains a network's Keras twin on tiles in a given order and counts how its predictions meet the truth.

Reads a request as a JSON file (first word), prints {confusion, losses, versions} as JSON. The request:
  layers, height, width, bands, classes, weights, dropout (drops units or not): as for keras_twin.py; seed, learningRate (Adam),
  training, validation: {pixels, labels}: files of uint8 tiles NHWC and class indices, 255 none,
  order: for each step, which training tiles it takes
"""
import json
import sys

from keras_twin import build, masked_crossentropy, read_safetensors, set_weights, versions

import numpy as np
import keras


def main():
    request = json.load(open(sys.argv[1]))
    keras.utils.set_random_seed(request["seed"])
    side = (request["height"], request["width"])

    def tiles(files):
        labels = np.fromfile(files["labels"], np.uint8).reshape(-1, *side)
        return np.fromfile(files["pixels"], np.uint8).reshape(len(labels), *side, request["bands"]), labels

    def scaled(pixels):
        return pixels.astype(np.float32) / 255

    model = build(request)
    set_weights(model, read_safetensors(request["weights"]))
    # Without XLA, which Keras would choose by itself; as in keras_twin.py.
    model.compile(optimizer=keras.optimizers.Adam(request["learningRate"]), loss=masked_crossentropy, jit_compile=False)
    pixels, labels = tiles(request["training"])
    losses = []
    for chosen in request["order"]:
        losses.append(float(model.train_on_batch(scaled(pixels[chosen]), labels[chosen].astype(np.int32))))
        model.reset_metrics()

    pixels, labels = tiles(request["validation"])
    classes = request["classes"]
    confusion = np.zeros(classes * classes, np.int64)
    batch = len(request["order"][0])
    for start in range(0, len(labels), batch):
        found = np.argmax(model.predict_on_batch(scaled(pixels[start:start + batch])), -1)
        truth = labels[start:start + batch]
        valid = truth < classes
        confusion += np.bincount(truth[valid].astype(np.int64) * classes + found[valid], minlength=classes * classes)
    print(json.dumps({"confusion": confusion.tolist(), "losses": losses, "versions": versions()}))


main()
