"""Small pictures and what Pillow makes of them at 28 x 24 pixels: test/golden/pixels."""
import json
import pathlib

import numpy as np
from PIL import Image

folder = pathlib.Path(__file__).parents[2] / "test/golden/pixels"
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(7)
# Sizes at which Pillow's sums and the closed form of nearest neighbour differ.
y, x = np.mgrid[0:72, 0:112]
smooth = np.stack([x * 3 % 256, y * 4 % 256, (x + y) * 2 % 256], -1).astype(np.uint8)
noisy = np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)
rgb = Image.fromarray(noisy)
rotated = rgb.getexif()
rotated[0x0112] = 6
pictures = {
    "rgb.jpg": lambda f: rgb.save(f, quality=88),
    "exif-rotated.jpg": lambda f: rgb.save(f, quality=88, exif=rotated),
    "full-chroma.jpg": lambda f: rgb.save(f, quality=88, subsampling=0),
    "progressive.jpg": lambda f: rgb.save(f, quality=88, progressive=True),
    "grey.jpg": lambda f: rgb.convert("L").save(f, quality=88),
    "rgba.png": lambda f: rgb.convert("RGBA").save(f),
    "palette.png": lambda f: rgb.quantize(32).save(f),
    "bits.png": lambda f: rgb.convert("1").save(f),
    "lossy.webp": lambda f: rgb.save(f, quality=80),
}
expected = {}
for name, save in pictures.items():
    save(folder / name)
    image = Image.open(folder / name)
    image = image if image.mode == "RGB" else image.convert("RGB")
    image = image.resize((24, 28), Image.NEAREST)
    expected[name] = np.asarray(image).tobytes().hex()
(folder / "expected.json").write_text(json.dumps({"size": [28, 24], "rgb": expected}, indent=1) + "\n")
