"""Pictures and what Pillow and Keras make of them, resized in every way that `input` names.

resizing.py                       the pictures and digests in test/golden/resizing
resizing.py FOLDER COUNT SEED     so many other cases, for resizing_compare.mjs
resizing.py FOLDER PICTURE...     every filter and fit of these pictures
"""
import hashlib
import io
import json
import math
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np  # noqa: E402
from keras.utils import load_img  # noqa: E402
from PIL import Image, ImageOps, PngImagePlugin  # noqa: E402

FILTERS = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
FITS = ["stretch", "crop", "pad"]
XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description {}/></x:xmpmeta>'


def expected(data, size, resize, fit, orient, flip=False):
    """None where Pillow's pad leaves nothing of a picture."""
    result = resized(data, size, resize, fit, orient)
    return result if result is None or not flip else np.asarray(ImageOps.mirror(Image.fromarray(result)))


def resized(data, size, resize, fit, orient):
    height, width = size
    if orient:
        turned = io.BytesIO()
        ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB").save(turned, "PNG")
        data = turned.getvalue()
    picture = load_img(io.BytesIO(data))
    if fit == "pad":
        method = Image.Resampling[resize.upper()]
        if min(ImageOps.contain(picture, (width, height), method).size) == 0:
            return None
        return np.asarray(ImageOps.pad(picture, (width, height), method))
    return np.asarray(load_img(io.BytesIO(data), target_size=size, interpolation=resize, keep_aspect_ratio=fit == "crop"))


def values(rng, height, width):
    """Noise, hard edges or a slope: what a filter overshoots at, and what it must not."""
    kind = rng.integers(4)
    if kind == 0:
        return rng.integers(0, 256, (height, width, 3), np.uint8)
    if kind == 1:
        return rng.integers(0, 2, (height, width, 3), np.uint8) * 255
    y, x = np.mgrid[0:height, 0:width]
    factors = rng.uniform(-9, 9, (3, 2))
    slope = np.stack([x * a + y * b for a, b in factors], -1) % 256
    noise = rng.normal(0, 20, slope.shape) if kind == 2 else 0
    return np.clip(slope + noise, 0, 255).astype(np.uint8)


def encoded(rng, height, width, orientation, form):
    picture = Image.fromarray(values(rng, height, width))
    if rng.random() < 0.15:
        picture = picture.convert("L")
    elif rng.random() < 0.1 and form != "jpg":
        picture.putalpha(Image.fromarray(values(rng, height, width)[:, :, 0]))
    exif = picture.getexif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera whose name is long"
    if rng.random() < 0.5:
        exif.endian = ">"
    out = io.BytesIO()
    xmp = XMP.format(f'tiff:Orientation="{orientation}"').encode()
    said = rng.choice(["exif", "exif", "exif", "xmp", "raw", "no"])
    if form == "png":
        texts = PngImagePlugin.PngInfo()
        if said == "xmp":
            texts.add_itxt("XML:com.adobe.xmp", xmp.decode(), zip=bool(rng.integers(2)))
        if said == "raw":
            raw = exif.tobytes()
            texts.add_text("Raw profile type exif", f"\nexif\n{len(raw):8}\n{raw.hex()}\n", zip=bool(rng.integers(2)))
        picture.save(out, "PNG", pnginfo=texts, **({"exif": exif} if said == "exif" else {}))
    else:
        more = {"exif": exif} if said == "exif" else {"xmp": xmp} if said == "xmp" else {}
        quality = {"quality": int(rng.integers(50, 100))} if form == "jpg" else {"lossless": True}
        picture.save(out, "JPEG" if form == "jpg" else "WEBP", **quality, **more)
    return out.getvalue()


def side(rng):
    """Mostly small, some large, and 1 now and then."""
    return 1 if rng.random() < 0.06 else int(math.exp(rng.uniform(0.7, 6.2)))


def draw(folder, count, seed):
    rng = np.random.default_rng(seed)
    cases = []
    with open(folder / "expected.bin", "wb") as out:
        for number in range(count):
            form = str(rng.choice(["jpg", "png", "webp"]))
            data = encoded(rng, side(rng), side(rng), int(rng.integers(0, 10)), form)
            size = [min(side(rng), 300), min(side(rng), 300)]
            case = {"resize": str(rng.choice(FILTERS)), "fit": str(rng.choice(FITS)), "orient": bool(rng.integers(2))}
            result = expected(data, size, **case)
            if result is None:
                continue
            (folder / f"{number}.{form}").write_bytes(data)
            out.write(result.tobytes())
            cases.append({"file": f"{number}.{form}", "size": size, **case})
    (folder / "cases.json").write_text(json.dumps(cases))


def all_of(folder, pictures):
    cases = []
    with open(folder / "expected.bin", "wb") as out:
        for number, path in enumerate(pictures):
            data = pathlib.Path(path).read_bytes()
            for at, resize in enumerate(FILTERS):
                case = {"resize": resize, "fit": FITS[(number + at) % 3], "orient": bool((number + at) % 2)}
                out.write(expected(data, [224, 224], **case).tobytes())
                cases.append({"file": str(pathlib.Path(path).resolve()), "size": [224, 224], **case})
    (folder / "cases.json").write_text(json.dumps(cases))


def keep():
    """Every orientation in every form, and sizes of one pixel; each in every way."""
    folder = pathlib.Path(__file__).parents[2] / "test/golden/resizing"
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(13)
    shapes = [(1, 1), (1, 29), (31, 1), (19, 23), (40, 17), (16, 48), (33, 33), (25, 38)]
    pictures = {}
    for number, shape in enumerate(shapes):
        for form in ["jpg", "png", "webp"]:
            name = f"{number + 1}.{form}"
            pictures[name] = encoded(rng, *shape, number + 1, form)
            (folder / name).write_bytes(pictures[name])
    cases = []
    for name, data in pictures.items():
        for resize in FILTERS:
            for fit in FITS:
                size = [int(rng.integers(1, 60)), int(rng.integers(1, 60))]
                orient = bool(rng.integers(2))
                flip = bool(rng.random() < 0.2)
                result = expected(data, size, resize, fit, orient, flip)
                if result is None:
                    continue
                digest = hashlib.sha256(result.tobytes()).hexdigest()[:12]
                cases.append([name, *size, resize, fit, orient, flip, digest])
    # Red and green say where a pixel lies.
    y, x = np.mgrid[0:80, 0:120].astype(np.uint8)
    places = Image.fromarray(np.dstack([x, y, x * 0]))
    places.save(folder / "places.png")
    scene = Image.fromarray(values(rng, 32, 32))
    scene.save(folder / "scene.png")
    ImageOps.mirror(scene).save(folder / "mirrored.png")
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (folder / "expected.json").write_text(f"[\n{lines}\n]\n")


if len(sys.argv) == 1:
    keep()
else:
    into = pathlib.Path(sys.argv[1])
    into.mkdir(parents=True, exist_ok=True)
    if sys.argv[2].isdigit():
        draw(into, int(sys.argv[2]), int(sys.argv[3]))
    else:
        all_of(into, sys.argv[2:])
