"""What Keras makes of a small head in a few epochs of SGD: test/golden/training/expected.json."""
import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np

rng = np.random.default_rng(5)
rows, inputs, hidden, classes, batch, epochs = 23, 12, [7, 5], 3, 5, 4
x = np.maximum(rng.normal(0.3, 1, (rows, inputs)), 0).astype(np.float32)
labels = rng.integers(0, classes, rows)
learning = dict(learningRate=0.2, momentum=0.9, decay=0.03)

layers = [keras.layers.Dense(units, activation="relu") for units in hidden]
model = keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(classes, activation="softmax")])
sizes = [inputs, *hidden, classes]
initial = []
for before, after in zip(sizes, sizes[1:]):
    initial += [rng.normal(0, 0.5, (before, after)).astype(np.float32), rng.normal(0, 0.1, after).astype(np.float32)]
model.set_weights(initial)
# Keras' own decay went with its old optimizers; this is what it computed.
rate = keras.optimizers.schedules.InverseTimeDecay(learning["learningRate"], 1, learning["decay"])
optimizer = keras.optimizers.SGD(rate, momentum=learning["momentum"])
model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, labels, batch_size=batch, epochs=epochs, shuffle=False, verbose=0).history


def numbers(array):
    return [float(value) for value in np.asarray(array, np.float32).ravel()]


folder = pathlib.Path(__file__).parents[2] / "test/golden/training"
folder.mkdir(parents=True, exist_ok=True)
(folder / "expected.json").write_text(json.dumps(dict(
    sizes=sizes, batch=batch, epochs=epochs, **learning,
    x=numbers(x), labels=[int(label) for label in labels],
    initial=[numbers(array) for array in initial],
    final=[numbers(array) for array in model.get_weights()],
    accuracy=history["accuracy"],
    losses=history["loss"],
    probabilities=numbers(model.predict(x, verbose=0)),
)) + "\n")
