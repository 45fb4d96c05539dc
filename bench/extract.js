// images/s of ResNet-50's features, pictures to disk through `flow run`, of JPEGs of
// 512 px and of 12 megapixels; beside it the bare network and decoding alone, whose
// sum is the limit: 1 / (1 / network + 1 / decoding), where both use all cores.
// In turn, three rounds, medians. Then, once, what else computes the same from the
// same files: Keras and PyTorch, a thread that decodes while the network computes.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { openNetwork } from "../dist/steps/scripting.js";
import {
  bareRate,
  batch,
  decodingRate,
  drawnPictures,
  flow,
  machine,
  median,
  print,
  pythonRate,
  wholeRate,
} from "./common.js";

const rounds = 3;
const features = `
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded }
`;

const kerasNetwork = `
import keras
model = keras.applications.ResNet50(weights=None, include_top=False)
def compute(pixels):
    return model.predict_on_batch(keras.applications.resnet.preprocess_input(pixels.astype("float32")))
`;

const torchNetwork = `
import torch, torchvision
model = torchvision.models.resnet50(weights=None)
model.fc = torch.nn.Identity()
model = model.eval().to(memory_format=torch.channels_last)
def compute(pixels):
    with torch.inference_mode():
        x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().contiguous(memory_format=torch.channels_last)
        return model(x / 255).numpy()
`;

const series = [
  { name: "512 px", images: 448, make: () => drawn },
  { name: "12 megapixels", images: 32, make: largePictures },
];

const network = await openNetwork({ named: "resnet50", weights: { kind: "seeded" } });
print(machine());
for (const { name, images, make } of series) {
  const folder = mkdtempSync(join(tmpdir(), "flow-bench-"));
  try {
    const pipeline = (await make(folder))(images);
    flow(folder, pipeline, "--until", "splits");
    const rates = { decode: [], bare: [], whole: [] };
    for (let round = 0; round < rounds; round++) {
      rates.decode.push(await decodingRate(folder));
      rates.bare.push(await bareRate(network, Math.min(images, 256)));
      rates.whole.push(wholeRate(folder, pipeline));
    }
    const [decode, bare, whole] = ["decode", "bare", "whole"].map((what) => median(rates[what]));
    const [keras, torch] = [kerasNetwork, torchNetwork].map((one) => pythonRate(python(folder, one)));
    const limit = 1 / (1 / bare + 1 / decode);
    print(
      `${name}, ${images} pictures: ${whole.toFixed(1)} images/s, ${(whole / limit).toFixed(3)} of the limit (network ${bare.toFixed(1)}, decoding ${decode.toFixed(1)}); Keras ${told(keras)}; PyTorch ${told(torch)}`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function told(rate) {
  return rate?.toFixed(1) ?? "not measured";
}

function drawn(images) {
  return `name: bench
steps:${drawnPictures({ training: images - 32, others: 16, pixels: 512 })}${features}`;
}

/** 4,000 × 3,000 pixels with the grain of a photograph. */
async function largePictures(folder) {
  for (const [at, name] of ["a", "b"].entries()) {
    mkdirSync(join(folder, "large", name), { recursive: true });
    for (let picture = 0; picture < 16; picture++) {
      const noise = Buffer.from(
        Array.from({ length: 400 * 300 * 3 }, () => 90 + Math.random() * 60 + 20 * at),
      );
      await sharp(noise, { raw: { width: 400, height: 300, channels: 3 } })
        .resize(4000, 3000)
        .jpeg({ quality: 90 })
        .toFile(join(folder, "large", name, `${picture}.jpg`));
    }
  }
  return () => `name: bench
steps:
  splits: { uses: organize, inputs: { source: ./large } }${features}`;
}

/** The same pictures to the same rows, in memory: a thread decodes the next batch. */
function python(folder, network) {
  return `
import concurrent.futures, glob, os, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
from PIL import Image
${network}
files = sorted(glob.glob("${folder}/runs/latest/splits/images/*/*/*.jpg"))
def load(files):
    return np.stack([np.asarray(Image.open(f).convert("RGB").resize((224, 224), Image.NEAREST)) for f in files])
batches = [files[at:at + ${batch}] for at in range(0, len(files), ${batch})]
compute(load(batches[0]))
started = time.time()
with concurrent.futures.ThreadPoolExecutor(1) as pool:
    for pixels in pool.map(load, batches):
        compute(pixels)
print(len(files) / (time.time() - started))
`;
}
