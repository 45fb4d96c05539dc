"""What scikit-learn prints for some predictions.

    python bench/golden/classification.py              writes test/golden/report/expected.json
    python bench/golden/classification.py check 20000  compares that many random reports with the built program
"""
import json
import pathlib
import subprocess
import sys
import warnings

import numpy as np
from sklearn.metrics import classification_report

warnings.filterwarnings("ignore")
here = pathlib.Path(__file__).parent
rng = np.random.default_rng(3)


def case(names, truth, predicted):
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    options = dict(labels=list(range(len(names))), target_names=names, zero_division=0)
    figures = classification_report(truth, predicted, output_dict=True, **options)
    confusion = np.zeros((len(names), len(names)), int)
    np.add.at(confusion, (truth, predicted), 1)
    # true label, predicted label, how many
    cells = [[int(t), int(p), int(confusion[t, p])] for t, p in np.argwhere(confusion)]
    return dict(names=names, cells=cells, text=classification_report(truth, predicted, **options),
                accuracy=float(np.mean(truth == predicted)), macroF1=figures["macro avg"]["f1-score"])


def noisy(classes, count, wrong):
    truth = rng.integers(0, classes, count)
    change = rng.random(count) < wrong
    return truth, np.where(change, rng.integers(0, classes, count), truth)


alphabets = ["abcdefgh_ .-", "äöüßéçñ", "漢字仮名交", "😀🐶🚀", "e\u0301u\u0308", "אבג"]


def name(at):
    letters = list(alphabets[rng.integers(0, len(alphabets))])
    return "".join(rng.choice(letters, int(rng.integers(1, 17)))) + str(at)


def some(most):
    """Balanced and not, few and many classes; means of equal counts are where halves are rounded."""
    classes = int(rng.integers(2, most))
    names = [name(at) if rng.random() < 0.1 else f"class_{at}" for at in range(classes)]
    wrong = float(rng.choice([0.0, 0.05, 0.2, 0.5, 1.0]))
    if rng.random() < 0.5:
        truth = np.repeat(np.arange(classes), int(rng.choice([1, 2, 4, 8, 10, 20, 25, 40, 50, 100])))
        predicted = np.where(rng.random(len(truth)) < wrong, rng.integers(0, classes, len(truth)), truth)
    else:
        truth, predicted = noisy(classes, int(rng.integers(1, 400)), wrong)
    if rng.random() < 0.05:
        predicted = (truth + 1) % classes
    return case(names, truth, predicted)


def chosen():
    return [
        case(["food", "non_food"], *noisy(2, 60, 0.2)),
        case(["food", "non_food"], [0, 0, 1, 1], [0, 0, 1, 1]),
        case(["a", "b", "c"], *noisy(3, 97, 0.5)),
        case(["a_rather_long_class_name", "b"], *noisy(2, 31, 0.3)),
        case(["never_predicted", "always"], [0, 1, 1, 0, 1], [1, 1, 1, 1, 1]),
        case(["eighths", "rest"], [0] * 8 + [1] * 8, [0] * 1 + [1] * 7 + [0] * 3 + [1] * 5),
        case(["more", "rest"], [0] * 8 + [1] * 8, [0] * 7 + [1] * 1 + [0] * 5 + [1] * 3),
        case(["x", "y", "z"], *noisy(3, 12345, 0.1)),
        case(["all", "wrong"], [0, 1, 1], [1, 0, 0]),
        case(["no_image", "other"], [1, 1], [1, 1]),
        case(["ß", "漢字漢字漢字漢字漢字漢字"], [0, 1], [0, 1]),
        case(["😀😀😀😀😀😀😀😀😀😀😀😀😀", "b"], [0, 1], [0, 1]),
        case(["e\u0301" * 8, "b"], [0, 1], [0, 1]),
        case([f"c{at}" for at in range(300)], *noisy(300, 4000, 0.4)),
    ]


if sys.argv[1:2] == ["check"]:
    cases = chosen() + [some(300 if at % 10 == 0 else 40) for at in range(int(sys.argv[2]))]
    subprocess.run(["node", here / "classification_compare.mjs"], input=json.dumps(cases), text=True, check=True)
else:
    folder = here.parents[1] / "test/golden/report"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(item, ensure_ascii=False) for item in chosen() + [some(14) for _ in range(300)]]
    (folder / "expected.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
