"""Keeps the smallest of the networks that networks_random.py wrote in which every kind of layer, and form of file, is there.

networks_keep.py <count> <folder> [folder …]: into test/golden/keras/random, in place of what is there.
"""
import json
import pathlib
import shutil
import sys

golden = pathlib.Path(__file__).parents[2] / "test/golden/keras/random"


def size(case):
    return sum(file.stat().st_size for file in case.rglob("*") if file.is_file())


def traits(case):
    about = json.loads((case / "case.json").read_text())
    form = pathlib.Path(about.get("h5", about["path"])).suffix or "tfjs"
    nested = ["inner"] if "Functional" in about["layers"] else []
    return {about["keras"] + " " + form, *(about["keras"] + " " + layer for layer in about["layers"]), *nested}


cases = sorted((case for folder in sys.argv[2:] for case in pathlib.Path(folder).iterdir()), key=size)
cases = [case for case in cases if size(case) < 70_000]
kept, seen = [], set()
while len(kept) < int(sys.argv[1]):
    best = max(cases, key=lambda case: len(traits(case) - seen) / (size(case) + 10_000))
    kept.append(best)
    cases.remove(best)
    seen |= traits(best)
shutil.rmtree(golden, ignore_errors=True)
golden.mkdir(parents=True)
for case in kept:
    shutil.copytree(case, golden / case.name, ignore=shutil.ignore_patterns("layers"))
print(sum(size(case) for case in kept), "bytes", sorted(seen))
