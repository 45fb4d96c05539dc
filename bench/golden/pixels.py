"""Small pictures and what Keras' load_img makes of them at 28 x 24 pixels: test/golden/pixels."""
import io
import json
import pathlib
import struct
import zlib

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
small = rgb.crop((0, 0, 45, 37))
colours = np.asarray(small)
grey = np.asarray(small.convert("L"))
ys, xs = np.mgrid[0:37, 0:45]
alpha = ((xs * 5 + ys * 3) % 256).astype(np.uint8)
grey16 = ((xs * 12 + ys) % 700).astype(np.uint16)
transparent = small.copy()
transparent.putalpha(Image.fromarray(alpha))
inks = Image.fromarray(np.dstack([colours, ((xs * 2 + ys) % 200).astype(np.uint8)]), mode="CMYK")


def png(name, values, depth, colour, *chunks):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2" if depth == 16 else "u1").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))


def tiff(name, values, bits, photometric, samples, extra=(), sample_format=None, order="<"):
    data = values.astype(order + "u2" if bits == 16 else "u1").tobytes()
    height, width = values.shape[:2]
    tags = [(256, "I", [width]), (257, "I", [height]), (258, "H", [bits] * samples), (259, "H", [1]),
            (262, "H", [photometric]), (273, "I", [0]), (277, "H", [samples]), (278, "I", [height]),
            (279, "I", [len(data)])]
    tags += [(338, "H", list(extra))] if extra else []
    tags += [(339, "H", [sample_format] * samples)] if sample_format else []
    long, offsets = b"", {}
    start = 8 + 2 + 12 * len(tags) + 4
    for tag, kind, values_ in tags:
        packed = struct.pack(order + kind * len(values_), *values_)
        if len(packed) > 4:
            offsets[tag] = start + len(long)
            long += packed
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(tags))
    for tag, kind, values_ in tags:
        packed = struct.pack(order + kind * len(values_), *([start + len(long)] if tag == 273 else values_))
        place = struct.pack(order + "I", offsets[tag]) if tag in offsets else packed.ljust(4, b"\0")
        out += struct.pack(order + "HHI", tag, 3 if kind == "H" else 4, len(values_)) + place
    (folder / name).write_bytes(out + b"\0\0\0\0" + long + data)


def gif(name, width, height, left, top, picture, transparent=None, own_palette=False, palette=True):
    """One frame somewhere on a canvas, which Pillow does not write."""
    stream = io.BytesIO()
    picture.save(stream, "GIF", interlace=0)
    data = stream.getvalue()
    at = 13 + (3 << ((data[10] & 7) + 1))
    table = data[13:at]
    while data[at:at + 1] == b"!":
        at += 2
        while data[at]:
            at += data[at] + 1
        at += 1
    bits = (len(table) // 3).bit_length() - 2
    out = b"GIF89a" + struct.pack("<HHBBB", width, height, (128 | bits) if palette else 0, 5, 0)
    out += table if palette else b""
    if transparent is not None:
        out += b"!\xf9\4" + bytes([1, 0, 0, transparent]) + b"\0"
    local = table[::-1] if own_palette else b""
    out += b"," + struct.pack("<HHHHB", left, top, picture.width, picture.height, (128 | bits) if local else 0)
    (folder / name).write_bytes(out + local + data[at + 10:])


def save(name, picture, **options):
    picture.save(folder / name, **options)


save("rgb.jpg", rgb, quality=88)
save("exif-rotated.jpg", rgb, quality=88, exif=rotated)
save("full-chroma.jpg", rgb, quality=88, subsampling=0)
save("progressive.jpg", rgb, quality=88, progressive=True)
save("grey.jpg", rgb.convert("L"), quality=88)
save("rgba.png", rgb.convert("RGBA"))
save("palette.png", rgb.quantize(32))
save("bits.png", rgb.convert("1"))
save("lossy.webp", rgb, quality=80)
save("half-chroma.jpg", small, subsampling=1)
save("without-ycc.jpg", small, keep_rgb=True)
# Pillow writes inks inverted, as Adobe does, with Adobe's marker.
save("cmyk.jpg", inks, quality=92)
inverted = (folder / "cmyk.jpg").read_bytes()
marker = inverted.index(b"\xff\xee")
length = int.from_bytes(inverted[marker + 2:marker + 4], "big")
(folder / "cmyk-unmarked.jpg").write_bytes(inverted[:marker] + inverted[marker + 2 + length:])
(folder / "ycck.jpg").write_bytes(
    inverted[:marker + 1 + length] + b"\2" + inverted[marker + 2 + length:])
save("transparent.png", transparent)
save("grey-alpha.png", Image.merge("LA", (small.convert("L"), Image.fromarray(alpha))))
png("grey-16.png", grey16, 16, 0)
png("grey-16-transparent.png", grey16, 16, 0, (b"tRNS", struct.pack(">H", 600)))
png("grey-alpha-16.png", np.dstack([grey16 * 90, grey16[::-1] * 90]), 16, 4)
png("rgb-16.png", colours.astype(np.uint16) * 257 - 100 * (colours > 9), 16, 2)
png("rgb-one-transparent.png", colours, 8, 2, (b"tRNS", struct.pack(">HHH", *map(int, colours[3, 3]))))
png("palette-too-short.png", grey >> 3, 8, 3, (b"PLTE", rng.integers(0, 256, 48).astype(np.uint8).tobytes()))
png("gamma.png", colours, 8, 2, (b"gAMA", struct.pack(">I", 100000)))
save("transparent.webp", transparent, lossless=True, exact=True)
save("animated.webp", small, save_all=True, append_images=[small.rotate(180)], lossless=True)
few = small.quantize(16)
save("plain.gif", few)
save("interlaced.gif", few, interlace=1)
save("transparent.gif", few, transparency=few.getpixel((20, 20)))
save("grey-transparent.gif", small.convert("L"), transparency=100)
save("animated.gif", few, save_all=True, append_images=[small.rotate(180).quantize(16)], transparency=5, disposal=2)
gif("smaller-than-canvas.gif", 64, 50, 9, 5, few)
gif("transparent-on-canvas.gif", 64, 50, 9, 5, few, transparent=4)
gif("own-palette-on-canvas.gif", 64, 50, 9, 5, few, transparent=4, own_palette=True)
gif("larger-than-canvas.gif", 30, 30, 9, 5, few, transparent=2)
gif("without-palette.gif", 45, 37, 0, 0, few, palette=False)
for orientation in range(1, 9):
    turned = small.getexif()
    turned[0x0112] = orientation
    save(f"orientation-{orientation}.tif", small, exif=turned, compression="tiff_lzw")
save("grey-turned.tif", small.convert("L"), exif=rotated)
save("palette.tif", few)
save("bits.tif", small.convert("1"), compression="group4")
save("jpeg.tif", small, compression="jpeg")
save("cmyk.tif", inks, compression="tiff_lzw")
save("pages.tif", small, save_all=True, append_images=[small.rotate(180)], compression="tiff_lzw")
tiff("grey-16.tif", grey16, 16, 1, 1)
tiff("grey-16-big-endian.tif", grey16, 16, 1, 1, order=">")
tiff("rgb-16.tif", colours.astype(np.uint16) * 257, 16, 2, 3)
tiff("white-is-zero.tif", grey, 8, 0, 1)
tiff("unassociated.tif", np.dstack([colours, alpha]), 8, 2, 4, [2])

# What is not read, by name: Pillow reads some of it, and makes of it what libvips does not.
refused = []


def refuse(name, write):
    write(name)
    refused.append(name)


refuse("svg.jpg", lambda name: (folder / name).write_text(
    '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>\n'))
refuse("bmp.jpg", lambda name: save(name, small.crop((0, 0, 8, 8)), format="BMP"))
refuse("avif.jpg", lambda name: save(name, small, format="AVIF"))
refuse("page.png", lambda name: (folder / name).write_text("<!DOCTYPE html>\n<title>Not found</title>\n"))
refuse("white-is-zero-16.tif", lambda name: tiff(name, grey16, 16, 0, 1))
refuse("associated.tif", lambda name: tiff(name, np.dstack([colours // 2, alpha]), 8, 2, 4, [1]))
refuse("signed.tif", lambda name: tiff(name, grey, 8, 1, 1, sample_format=2))
refuse("float.tif", lambda name: save(name, Image.fromarray(grey.astype(np.float32))))
refuse("lab.tif", lambda name: tiff(name, colours, 8, 8, 3))
refuse("ycbcr.tif", lambda name: save(name, small.convert("YCbCr")))
refuse("cmyk-16.tif", lambda name: tiff(name, np.dstack([colours, alpha]).astype(np.uint16) * 257, 16, 5, 4))

expected = {}
for path in sorted(folder.iterdir()):
    if path.name in refused or path.suffix == ".json":
        continue
    # As load_img: from memory, where Pillow reads some TIFFs otherwise than from a file.
    image = Image.open(io.BytesIO(path.read_bytes()))
    image = image if image.mode == "RGB" else image.convert("RGB")
    image = image.resize((24, 28), Image.NEAREST)
    expected[path.name] = np.asarray(image).tobytes().hex()
(folder / "expected.json").write_text(
    json.dumps({"size": [28, 24], "rgb": expected, "refused": refused}, indent=1) + "\n")
