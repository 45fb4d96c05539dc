"""What Keras makes of small heads: a few epochs of SGD in test/golden/training/expected.json, other choices in choices.json."""
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


# The names and defaults of a train step.
choices = [
    dict(optimizer=dict(kind="sgd", learningRate=0.05, momentum=0.9, decay=0.02)),
    dict(optimizer=dict(kind="sgd", learningRate=0.05, momentum=0.0)),
    dict(optimizer=dict(kind="sgd", learningRate=0.05, momentum=0.9, nesterov=True)),
    dict(optimizer=dict(kind="sgd", learningRate=0.05, momentum=0.9, weightDecay=0.05)),
    dict(optimizer=dict(kind="sgd", learningRate=0.05, momentum=0.9, nesterov=True, decay=0.02, weightDecay=0.05)),
    dict(optimizer=dict(kind="adam", learningRate=0.01)),
    dict(optimizer=dict(kind="adam", learningRate=0.01, beta1=0.8, beta2=0.99, epsilon=1e-3, decay=0.02, weightDecay=0.05)),
    dict(optimizer=dict(kind="adamw", learningRate=0.01)),
    dict(optimizer=dict(kind="rmsprop", learningRate=0.005)),
    dict(optimizer=dict(kind="rmsprop", learningRate=0.005, momentum=0.5, rho=0.8, epsilon=1e-3, weightDecay=0.05)),
    dict(hidden=[]),
    dict(hidden=[], optimizer=dict(kind="adam", learningRate=0.01)),
    *(
        dict(activation=name)
        for name in "tanh sigmoid gelu elu selu silu softplus leaky_relu linear".split()
    ),
    dict(activation=["gelu", "tanh"]),
    dict(classWeights=[0.5, 2.0, 1.25]),
    dict(labelSmoothing=0.1),
    dict(classWeights=[0.5, 2.0, 1.25], labelSmoothing=0.3, optimizer=dict(kind="adam", learningRate=0.01)),
]


def optimizer_of(kind, learningRate, decay=0.0, **options):
    names = dict(weightDecay="weight_decay", beta1="beta_1", beta2="beta_2")
    made = dict(sgd="SGD", adam="Adam", adamw="AdamW", rmsprop="RMSprop")[kind]
    rate = keras.optimizers.schedules.InverseTimeDecay(learningRate, 1, decay)
    return getattr(keras.optimizers, made)(rate, **{names.get(name, name): value for name, value in options.items()})


def trained(hidden=hidden, activation="relu", optimizer=None, classWeights=None, labelSmoothing=0.0):
    names = [activation] * len(hidden) if isinstance(activation, str) else activation
    layers = [keras.layers.Dense(units, activation=name) for units, name in zip(hidden, names)]
    model = keras.Sequential([keras.Input((inputs,)), *layers, keras.layers.Dense(classes, activation="softmax")])
    arrays = initial if hidden else flat
    model.set_weights(arrays)
    model.compile(
        optimizer=optimizer_of(**(optimizer or dict(kind="sgd", learningRate=0.05, momentum=0.9))),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=labelSmoothing),
    )
    targets = np.eye(classes, dtype=np.float32)[labels]
    weights = None if classWeights is None else dict(enumerate(classWeights))
    losses = []
    for _ in range(12):
        for at in range(0, rows, batch):
            # Without this a loss is the mean over all steps so far.
            model.reset_metrics()
            part = slice(at, at + batch)
            losses.append(float(model.train_on_batch(x[part], targets[part], class_weight=weights)))
    return dict(losses=losses, probabilities=numbers(model.predict(x, verbose=0)))


flat = [rng.normal(0, 0.5, (inputs, classes)).astype(np.float32), rng.normal(0, 0.1, classes).astype(np.float32)]
(folder / "choices.json").write_text(json.dumps(dict(
    flat=[numbers(array) for array in flat],
    cases=[dict(choices=chosen, **trained(**chosen)) for chosen in choices],
), separators=(",", ":")) + "\n")
