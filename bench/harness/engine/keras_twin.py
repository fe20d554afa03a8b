"""Builds a network's Keras twin from its layer list, gives it the same weights and trains or predicts with it.

Reads a request as a JSON file (first word), prints the result as JSON. Without a word it reads a file for each line
of stdin and answers each with one line, so that several networks cost one import of Keras. The request:
  layers: [{name, type, config, inputs}], batch, height, width, bands, classes,
  weights: a safetensors file with `layer/weight`, optimizer: adam | adamw | sgd, learningRate, loss,
  batches: [{pixels, labels}] (files of uint8 NHWC and class indices; 255 none), steps, dropout: bool,
   frozen: names of layers that learn nothing (may be left out),
   mode: "train" | "predict", weightsAfter: file to write (float32, model order) or null,
   interactive: steps when told to instead of `steps` at once, to be timed; compiled: with XLA
"""
import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import keras
import tensorflow as tf

imported = time.perf_counter()


class MaxUnpooling2D(keras.layers.Layer):
    """Puts each number where a 2x2 max pooling had found its (first) maximum; Keras has no such layer."""

    def call(self, inputs):
        values, image, pooled = inputs
        batch, height, width, channels = (s if s is not None else tf.shape(image)[0] for s in image.shape)
        _, indices = tf.nn.max_pool_with_argmax(image, 2, 2, "VALID", include_batch_in_index=True)
        flat = tf.scatter_nd(tf.reshape(indices, [-1, 1]), tf.reshape(values, [-1]),
                             tf.cast([batch * height * width * channels], tf.int64))
        return tf.reshape(flat, [batch, height, width, channels])

    def compute_output_shape(self, input_shape):
        return input_shape[1]


def build(request):
    made = {}
    for layer in request["layers"]:
        kind, config, name = layer["type"], layer["config"], layer["name"]
        inputs = [made[other] for other in layer["inputs"]]
        x = inputs[0] if len(inputs) == 1 else inputs
        if kind == "InputLayer":
            made[name] = keras.Input((request["height"], request["width"], request["bands"]), name=name)
            source = made[name]
        elif kind == "Conv2D":
            made[name] = keras.layers.Conv2D(
                config["filters"], config["kernelSize"], strides=config["stride"], dilation_rate=config["dilation"],
                padding=config["padding"], use_bias=config["bias"], activation=config["activation"], name=name)(x)
        elif kind == "Conv2DTranspose":
            made[name] = keras.layers.Conv2DTranspose(
                config["filters"], config["kernelSize"], strides=config["stride"], padding="same",
                use_bias=config["bias"], name=name)(x)
        elif kind == "DepthwiseConv2D":
            made[name] = keras.layers.DepthwiseConv2D(
                config["kernelSize"], strides=config["stride"], dilation_rate=config["dilation"], padding="same",
                use_bias=config["bias"], name=name)(x)
        elif kind == "BatchNormalization":
            made[name] = keras.layers.BatchNormalization(
                momentum=config["momentum"], epsilon=config["epsilon"], name=name)(x)
        elif kind == "Activation":
            # The softmax at the end belongs to the loss.
            made[name] = x if config["activation"] == "softmax" else keras.layers.Activation(
                config["activation"], name=name)(x)
        elif kind == "Dropout":
            made[name] = keras.layers.Dropout(config["rate"], name=name)(x) if request["dropout"] else x
        elif kind == "MaxPooling2D":
            made[name] = keras.layers.MaxPooling2D((config["height"], config["width"]), name=name)(x)
        elif kind == "AveragePooling2D":
            made[name] = keras.layers.AveragePooling2D((config["height"], config["width"]), name=name)(x)
        elif kind == "UpSampling2D":
            made[name] = keras.layers.UpSampling2D(
                (config["height"], config["width"]), interpolation=config["interpolation"], name=name)(x)
        elif kind == "Concatenate":
            made[name] = keras.layers.Concatenate(name=name)(x)
        elif kind == "Add":
            made[name] = keras.layers.Add(name=name)(x)
        elif kind == "MaxUnpooling2D":
            made[name] = MaxUnpooling2D(name=name)(x)
        else:
            raise SystemExit(f"no Keras twin for {kind}")
        last = made[name]
    return keras.Model(source, last)


def read_safetensors(path):
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        start = 8 + length
        result = {}
        for name, entry in header.items():
            if name != "__metadata__":
                begin, end = entry["data_offsets"]
                file.seek(start + begin)
                result[name] = np.frombuffer(file.read(end - begin), "<f4").reshape(entry["shape"])
        return result


def set_weights(model, weights):
    for layer in model.layers:
        for variable in layer.weights:
            variable.assign(weights[f"{layer.name}/{variable.name}"])


def masked_crossentropy(labels, logits):
    labels = tf.cast(labels, tf.int32)
    valid = tf.cast(labels < logits.shape[-1], tf.float32)
    classes = tf.where(labels < logits.shape[-1], labels, 0)
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=logits)
    return tf.reduce_sum(each * valid) / tf.maximum(tf.reduce_sum(valid), 1.0)


def versions():
    return {"Keras": keras.__version__, "TensorFlow": tf.__version__, "Python": sys.version.split()[0]}


def serve(step):
    """Takes as many steps as each line of stdin says; answers with the seconds of each."""
    index = 0
    for line in sys.stdin:
        seconds = []
        for _ in range(int(line)):
            begin = time.perf_counter()
            step(index)
            seconds.append(time.perf_counter() - begin)
            index += 1
        print(json.dumps({"seconds": seconds, "sinceImports": time.perf_counter() - imported}), flush=True)


def answer(request_file):
    request = json.load(open(request_file))
    shape = (request["batch"], request["height"], request["width"])
    batches = []
    for batch in request["batches"]:
        pixels = np.fromfile(batch["pixels"], np.uint8).reshape(*shape, request["bands"]).astype(np.float32) / 255
        labels = np.fromfile(batch["labels"], np.uint8).reshape(shape).astype(np.int32)
        batches.append((pixels, labels))
    model = build(request)
    if request["weights"] is not None:
        set_weights(model, read_safetensors(request["weights"]))
    for name in request.get("frozen", []):
        model.get_layer(name).trainable = False
    result = {"parameters": model.count_params(), "losses": [], "versions": versions()}
    if request["mode"] == "predict":
        # One call for logits and softmax, as a user's model with a softmax at its end has it.
        model = keras.Model(model.inputs, keras.layers.Activation("softmax", name="probabilities")(model.outputs[0]))
        # Compiling only says whether to use XLA; left to itself, Keras would.
        model.compile(jit_compile=request.get("compiled", False))

        def step(index):
            return model.predict_on_batch(batches[index % len(batches)][0])
    else:
        rate = request["learningRate"]
        optimizer = {
            "adam": lambda: keras.optimizers.Adam(rate),
            "adamw": lambda: keras.optimizers.AdamW(rate),
            "sgd": lambda: keras.optimizers.SGD(rate, momentum=0.9),
        }[request["optimizer"]]()
        model.compile(optimizer=optimizer, loss=masked_crossentropy, jit_compile=request.get("compiled", False))

        def step(index):
            loss = float(model.train_on_batch(*batches[index % len(batches)]))
            # Keras reports the mean over the epoch so far; start a new one each step.
            model.reset_metrics()
            return loss

    if request.get("interactive"):
        serve(step)
        return None
    if request["mode"] == "predict":
        result["probabilities"] = step(0).reshape(-1).tolist()
    else:
        result["losses"] = [step(index) for index in range(request["steps"])]
        if request["weightsAfter"] is not None:
            with open(request["weightsAfter"], "wb") as file:
                for name in request["weightNames"]:
                    layer, weight = name.rsplit("/", 1)
                    variable = next(v for v in model.get_layer(layer).weights if v.name == weight)
                    file.write(variable.numpy().astype("<f4").tobytes())
    return result


def main():
    if len(sys.argv) > 1:
        result = answer(sys.argv[1])
        if result is not None:
            print(json.dumps(result))
        return
    for line in sys.stdin:
        print(json.dumps(answer(line.strip())), flush=True)
        keras.backend.clear_session()


if __name__ == "__main__":
    main()
