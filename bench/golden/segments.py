"""Rows that are mostly zeros as NumPy packs them, and float32 as it rounds it to float16: test/golden/segments."""
import hashlib
import json
import pathlib

import numpy as np

folder = pathlib.Path(__file__).parents[2] / "test/golden/segments"
rng = np.random.default_rng(11)

# Widths that fill no byte, one byte, and no group of 32.
for width in (5, 8, 61):
    rows = rng.normal(size=(19, width)).astype(np.float32)
    rows *= rng.random(rows.shape) < np.linspace(0, 0.4, 19)[:, None]
    rows += 0.0  # no negative zeros but those below
    rows[3, :] = np.resize(np.array([-0.0, 0, 1e-45, 0, -3e-39], np.float32), width)
    rows[4, ::2] = np.array([0x7FC0_1234], np.uint32).view(np.float32)
    for dtype in ("float32", "float16"):
        kept = rows.astype(dtype)
        place = folder / f"{dtype}-{width}"
        place.mkdir(parents=True, exist_ok=True)
        # As bits: negative zero and NaN are no zeros.
        bits = kept.view("u4" if dtype == "float32" else "u2") != 0
        np.save(place / "rows.npy", kept)
        np.save(place / "mask.npy", np.packbits(bits, axis=1))
        np.save(place / "values.npy", kept[bits])
        np.save(place / "counts.npy", bits.sum(axis=1, dtype=np.uint32))

# Numbers all over the range of float32, by a hash that both sides compute; then
# every middle of two neighbouring halves, with the float32 on either side.
hashed = (np.arange(1 << 22, dtype=np.uint64) * 2654435761 % (1 << 32)).astype(np.uint32)
halves = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float64)
middles = ((halves[:-1] + halves[1:]) / 2).astype(np.float32).view(np.uint32)
near = (middles[:, None] + np.array([-1, 0, 1], np.int64)).astype(np.uint32).ravel()
values = np.concatenate([hashed, near, near | 0x8000_0000])
# What NumPy makes of NaN depends on the processor.
values = values[~np.isnan(values.view(np.float32))]
with np.errstate(over="ignore", under="ignore"):
    rounded = values.view(np.float32).astype(np.float16)
back = np.arange(1 << 16, dtype=np.uint16)
back = back[~np.isnan(back.view(np.float16))].view(np.float16).astype(np.float32)
sha = lambda array: hashlib.sha256(array.tobytes()).hexdigest()
facts = {"values": len(values), "toHalf": sha(rounded), "fromHalf": sha(back)}
(folder / "half.json").write_text(json.dumps(facts, indent=1) + "\n")
