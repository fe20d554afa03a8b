import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { runPeer } from "../fixtures/peers.ts";
import { loadTensorFlow } from "../src-main/engine/load-tensorflow.ts";
import { modelOf } from "../src-main/engine/models/describe.ts";
import type { ModelSettings } from "../src-main/engine/port.ts";
import { PredictionSession } from "../src-main/engine/prediction-session.ts";
import { TrainingSession } from "../src-main/engine/training-session.ts";

type Mode = "train" | "predict";

interface Work {
  readonly name: string;
  readonly model: ModelSettings;
  readonly batch: number;
  readonly steps: number;
}

const works: readonly Work[] = [
  work("segnet-upsample", null, 256, 4, 8),
  work("fcn32", null, 256, 4, 4),
  work("unet", 64, 512, 2, 6),
];

function work(architecture: string, width: number | null, side: number, batch: number, steps: number): Work {
  const model = { architecture, width, bands: 3, classes: 5, tileHeight: side, tileWidth: side };
  return {
    name: `${architecture}${width === null ? "" : `-${width}`} ${batch}×${side}²`,
    model,
    batch,
    steps,
  };
}

const measuredSchema = z.object({
  seconds: z.array(z.number()),
  /** Of all cores together: unlike time on the clock it hardly changes when others use the machine. */
  cpuSeconds: z.array(z.number()),
  firstStepSeconds: z.number().optional(),
  peakBytes: z.number(),
});
type Measured = z.infer<typeof measuredSchema>;

/**
 * Times training steps and predictions of the engine and of Python Keras with the same network, weights and batch, each in a
 * process of its own, one after the other: `node bench/bench.mjs engine-step [NAME …] [--train] [--predict] [--no-dropout]`.
 */
export async function run(words: readonly string[]): Promise<void> {
  const [first, requestPath] = words;
  if (first === "--child" && requestPath !== undefined) {
    runChild(requestPath);
    return;
  }
  const names = words.filter((word) => !word.startsWith("--"));
  const modes = (["train", "predict"] as const).filter(
    (mode) => words.includes(`--${mode}`) || !(words.includes("--train") || words.includes("--predict")),
  );
  const rows: Record<string, unknown>[] = [];
  for (const one of works.filter(
    ({ name }) => names.length === 0 || names.some((part) => name.startsWith(part)),
  )) {
    for (const mode of modes) {
      rows.push(await compare(one, mode, !words.includes("--no-dropout"), words.includes("--ours")));
      console.log(JSON.stringify(rows.at(-1)));
    }
  }
  const directory = path.join(import.meta.dirname, "results");
  mkdirSync(directory, { recursive: true });
  const machine = { processor: cpus()[0]?.model, cores: cpus().length, node: process.version };
  writeFileSync(path.join(directory, "engine-step.json"), `${JSON.stringify({ machine, rows }, null, 2)}\n`);
}

async function compare(
  one: Work,
  mode: Mode,
  dropout: boolean,
  oursOnly: boolean,
): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(path.join(tmpdir(), "orthomask-bench-"));
  try {
    const { model: settings, batch, steps } = one;
    const pixelCount = batch * settings.tileHeight * settings.tileWidth;
    const pixels = path.join(folder, "pixels");
    const labels = path.join(folder, "labels");
    writeFileSync(
      pixels,
      Uint8Array.from({ length: pixelCount * settings.bands }, (_, index) => (index * 7919) % 251),
    );
    writeFileSync(
      labels,
      Uint8Array.from({ length: pixelCount }, (_, index) => Math.floor(index / 4099) % settings.classes),
    );
    const requestPath = path.join(folder, "request.json");
    const weights = path.join(folder, "weights");
    if (mode === "predict") {
      // In a process that isn't measured.
      await child(requestPath, { ...one, mode: "prepare", pixels, labels, weights, dropout });
    }
    const ours: Measured & { estimatedBytes?: number } = await child(requestPath, {
      ...one,
      mode,
      pixels,
      labels,
      weights,
      dropout,
    });
    const theirs = oursOnly
      ? ours
      : await keras(requestPath, { ...one, mode, pixels, labels, weights, dropout, steps });
    const [ourTime, theirTime] = [median(ours.seconds.slice(1)), median(theirs.seconds.slice(1))];
    const [ourCpu, theirCpu] = [median(ours.cpuSeconds.slice(1)), median(theirs.cpuSeconds.slice(1))];
    return {
      work: one.name,
      mode,
      dropout,
      milliseconds: {
        orthomask: Math.round(ourTime * 1000),
        keras: Math.round(theirTime * 1000),
        ratio: ratio(ourTime, theirTime),
      },
      cpuMilliseconds: {
        orthomask: Math.round(ourCpu * 1000),
        keras: Math.round(theirCpu * 1000),
        ratio: ratio(ourCpu, theirCpu),
      },
      spreadMilliseconds: [spread(ours.seconds.slice(1)), spread(theirs.seconds.slice(1))],
      firstStepSeconds: [ours.firstStepSeconds, theirs.firstStepSeconds],
      peakMegabytes: {
        orthomask: Math.round(ours.peakBytes / 1e6),
        keras: Math.round(theirs.peakBytes / 1e6),
        ratio: ratio(ours.peakBytes, theirs.peakBytes),
        estimated: Math.round((ours.estimatedBytes ?? 0) / 1e6),
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const childSchema = z.object({
  model: z.custom<ModelSettings>(),
  batch: z.int(),
  steps: z.int(),
  mode: z.enum(["train", "predict", "prepare"]),
  pixels: z.string(),
  labels: z.string(),
  weights: z.string(),
  dropout: z.boolean(),
});
type ChildRequest = z.infer<typeof childSchema>;

/** Our side, in a process of its own so that its peak memory is its own. */
async function child(requestPath: string, request: ChildRequest): Promise<Measured> {
  writeFileSync(requestPath, JSON.stringify(request));
  const script = path.join(import.meta.dirname, "bench.mjs");
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [script, "engine-step", "--child", requestPath],
    {
      maxBuffer: 1 << 26,
    },
  );
  return z.looseObject(measuredSchema.shape).parse(JSON.parse(stdout));
}

function runChild(requestPath: string): void {
  const request = childSchema.parse(JSON.parse(readFileSync(requestPath, "utf8")));
  const pixels = new Uint8Array(readFileSync(request.pixels));
  const labels = new Uint8Array(readFileSync(request.labels));
  const { model, batch, mode, weights } = request;
  const started = performance.now();
  const tensorflow = loadTensorFlow();
  const { step, estimatedBytes } = mode === "predict" ? prediction() : training();
  const seconds: number[] = [];
  const cpuSeconds: number[] = [];
  let firstStepSeconds: number | undefined;

  function training(): { step: (index: number) => void; estimatedBytes: number } {
    const session = new TrainingSession(
      tensorflow,
      {
        ...{
          model,
          batch,
          loss: "crossentropy",
          optimizer: "adam",
          seed: 1,
          classWeights: null,
          ignoredClasses: [],
        },
        ...{ inputType: "uint8", checkpoint: null },
      },
      { dropout: request.dropout },
    );
    if (mode === "prepare") {
      session.saveCheckpoint(weights, false);
    }
    const step = (index: number): void => {
      session.trainStep({ pixels, labels, learningRate: 1e-4, step: index });
    };
    return { step, estimatedBytes: session.estimatedBytes };
  }

  function prediction(): { step: () => void; estimatedBytes: number } {
    const session = new PredictionSession(tensorflow, { model, batch, inputType: "uint8", weights });
    const step = (): void => {
      session.predict(pixels);
    };
    return { step, estimatedBytes: session.estimatedBytes };
  }

  for (let index = 1; index <= (mode === "prepare" ? 0 : request.steps); index += 1) {
    const [begin, cpu] = [performance.now(), process.cpuUsage()];
    step(index);
    const { user, system } = process.cpuUsage(cpu);
    cpuSeconds.push((user + system) / 1e6);
    seconds.push((performance.now() - begin) / 1000);
    firstStepSeconds ??= (performance.now() - started) / 1000;
  }
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  console.log(
    JSON.stringify({
      seconds,
      cpuSeconds,
      firstStepSeconds,
      peakBytes,
      estimatedBytes,
    }),
  );
}

async function keras(requestPath: string, request: ChildRequest): Promise<Measured> {
  const { model: settings, batch, steps, mode, dropout } = request;
  writeFileSync(
    requestPath,
    JSON.stringify({
      layers: modelOf(settings).layers.map(({ name, definition, inputs }) => ({
        ...{ name, type: definition.type, config: definition.config },
        inputs: inputs.map((input) => input.name),
      })),
      ...{
        batch,
        height: settings.tileHeight,
        width: settings.tileWidth,
        bands: settings.bands,
        classes: settings.classes,
      },
      ...{
        weights: mode === "predict" ? request.weights : null,
        optimizer: "adam",
        learningRate: 1e-4,
        steps,
        dropout,
        mode,
      },
      batches: [{ pixels: request.pixels, labels: request.labels }],
      weightsAfter: null,
    }),
  );
  const script = path.join(import.meta.dirname, "keras_twin.py");
  return measuredSchema.parse(await runPeer(script, [requestPath], { timeoutMilliseconds: 1_800_000 }));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((first, second) => first - second);
  return (
    ((sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN) +
      (sorted[Math.ceil((sorted.length - 1) / 2)] ?? NaN)) /
    2
  );
}

function spread(values: readonly number[]): string {
  return `${Math.round(Math.min(...values) * 1000)}–${Math.round(Math.max(...values) * 1000)}`;
}

function ratio(first: number, second: number): number {
  return Math.round((first / second) * 100) / 100;
}
