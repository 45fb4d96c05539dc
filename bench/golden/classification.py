"""What scikit-learn prints for some predictions: test/golden/report/expected.json."""
import json
import pathlib
import warnings

import numpy as np
from sklearn.metrics import classification_report

warnings.filterwarnings("ignore")
rng = np.random.default_rng(3)


def case(names, truth, predicted):
    labels = list(range(len(names)))
    options = dict(labels=labels, target_names=names, zero_division=0)
    text = classification_report(truth, predicted, **options)
    figures = classification_report(truth, predicted, output_dict=True, **options)
    macro = figures["macro avg"]["f1-score"]
    accuracy = float(np.mean(np.array(truth) == np.array(predicted)))
    return dict(names=names, truth=list(map(int, truth)), predicted=list(map(int, predicted)),
                text=text, accuracy=accuracy, macroF1=macro)


def noisy(classes, count, wrong):
    truth = rng.integers(0, classes, count)
    change = rng.random(count) < wrong
    return truth, np.where(change, rng.integers(0, classes, count), truth)


cases = [
    case(["food", "non_food"], *noisy(2, 60, 0.2)),
    case(["food", "non_food"], [0, 0, 1, 1], [0, 0, 1, 1]),
    case(["a", "b", "c"], *noisy(3, 97, 0.5)),
    case(["a_rather_long_class_name", "b"], *noisy(2, 31, 0.3)),
    case(["never_predicted", "always"], [0, 1, 1, 0, 1], [1, 1, 1, 1, 1]),
    case(["eighths", "rest"], [0] * 8 + [1] * 8, [0] * 1 + [1] * 7 + [0] * 3 + [1] * 5),
    case(["more", "rest"], [0] * 8 + [1] * 8, [0] * 7 + [1] * 1 + [0] * 5 + [1] * 3),
    case(["x", "y", "z"], *noisy(3, 12345, 0.1)),
]
folder = pathlib.Path(__file__).parents[2] / "test/golden/report"
folder.mkdir(parents=True, exist_ok=True)
(folder / "expected.json").write_text(json.dumps(cases) + "\n")
