"""What scikit-learn and NumPy say of some predictions: curves, calibration, intervals, components.

    python bench/golden/figures.py    writes test/golden/report/figures.json
"""
import json
import pathlib
import warnings

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.decomposition import PCA

warnings.filterwarnings("ignore")
rng = np.random.default_rng(5)


def probabilities(count, classes, sureness, digits):
    logits = rng.normal(size=(count, classes)) * 1.5
    truth = rng.integers(0, classes, count)
    logits[np.arange(count), truth] += sureness
    values = np.exp(logits)
    values /= values.sum(1, keepdims=True)
    # Rounded ones are often equal, which is where curves differ.
    return truth, (values if digits is None else values.round(digits)).astype(np.float32).astype(np.float64)


def one_class(truth, scores, label):
    positive = truth == label
    if not positive.any() or positive.all():
        return None
    falses, trues, _ = metrics.roc_curve(positive, scores, drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(positive, scores)
    return dict(roc=[falses.tolist(), trues.tolist()], auc=metrics.roc_auc_score(positive, scores),
                precisionRecall=[recall[::-1].tolist(), precision[::-1].tolist()],
                averagePrecision=metrics.average_precision_score(positive, scores))


def calibration(right, sure, bins):
    true, predicted = calibration_curve(right, sure, n_bins=bins)
    place = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], sure)
    counts = np.bincount(place, minlength=bins)
    error = float(np.sum(counts[counts > 0] / len(sure) * np.abs(true - predicted)))
    return dict(counts=counts.tolist(), accuracy=true.tolist(), confidence=predicted.tolist(), error=error)


def intervals(truth, predicted, classes, samples):
    labels = list(range(classes))
    figures = np.array([[
        metrics.accuracy_score(truth[s], predicted[s]),
        metrics.f1_score(truth[s], predicted[s], labels=labels, average="macro", zero_division=0),
        metrics.balanced_accuracy_score(truth[s], predicted[s]),
    ] for s in samples])
    low, high = np.percentile(figures, [2.5, 97.5], axis=0)
    return [dict(low=float(a), high=float(b)) for a, b in zip(low, high)]


def case(count, classes, sureness, digits=None):
    truth, values = probabilities(count, classes, sureness, digits)
    predicted = values.argmax(1)
    right, sure = (predicted == truth).astype(int), values.max(1)
    labels = list(range(classes))
    samples = rng.integers(0, count, (40, count))
    hot = np.eye(classes)[truth]
    return dict(
        truth=truth.tolist(), probabilities=values.tolist(), predicted=predicted.tolist(),
        classes=[one_class(truth, values[:, label], label) for label in labels],
        calibration=calibration(right, sure, 10),
        logLoss=metrics.log_loss(hot, values),
        brier=float(np.mean(np.sum((values - hot) ** 2, 1)) / 2),
        topFive=1.0 if classes <= 5 else metrics.top_k_accuracy_score(truth, values, k=5, labels=labels),
        samples=samples.tolist(), intervals=intervals(truth, predicted, classes, samples))


def components(count, width):
    rows = (rng.normal(size=(count, 4)) * [9, 5, 2, 1] @ rng.normal(size=(4, width))
            + rng.normal(size=(count, width)) * 0.1).astype(np.float32).astype(np.float64)
    pca = PCA(2, svd_solver="full").fit(rows)
    return dict(rows=rows.tolist(), points=pca.transform(rows).tolist(),
                explained=pca.explained_variance_ratio_.tolist())


folder = pathlib.Path(__file__).parents[2] / "test/golden/report"
cases = [case(60, 2, 2), case(90, 3, 1.5, 1), case(80, 12, 1, 2), case(25, 2, 20), case(40, 40, 2)]
(folder / "figures.json").write_text(json.dumps(dict(cases=cases, components=components(60, 12))) + "\n")
