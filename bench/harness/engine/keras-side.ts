import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import { modelOf } from "../../../src-main/engine/models/describe.ts";
import type { ModelSettings } from "../../../src-main/engine/port.ts";
import { memoryOf } from "./contestant.ts";
import type { Contestant, Mode } from "./contestant.ts";
import { drawTiles } from "./works.ts";
import type { Work } from "./works.ts";

export const twinScript = path.join(import.meta.dirname, "keras_twin.py");

/** A network's layers as the Python script wants them. */
export function layersForKeras(settings: ModelSettings): unknown {
  return modelOf(settings).layers.map(({ name, definition, inputs }) => ({
    name,
    type: definition.type,
    config: definition.config,
    inputs: inputs.map((input) => input.name),
  }));
}

/** `sinceImports`: from the moment that the imports were done to the end of these steps. */
const stepsSchema = z.object({ seconds: z.array(z.number()), sinceImports: z.number() });

/** Starts Python with the same network in Keras and has it take its first step. `folder` takes the batch. */
export async function startKeras(
  work: Work,
  mode: Mode,
  folder: string,
  options: { readonly compiled?: boolean } = {},
): Promise<Contestant> {
  const python = peerPython();
  if (python === undefined) {
    throw new Error("There is no Keras here to compare with: run `node scripts/setup/peers.mjs`.");
  }
  const { model, batch } = work;
  const { pixels, labels } = drawTiles(work);
  const [pixelsFile, labelsFile, requestFile] = ["pixels", "labels", "request.json"].map((name) =>
    path.join(folder, name),
  ) as [string, string, string];
  writeFileSync(pixelsFile, pixels);
  writeFileSync(labelsFile, labels);
  writeFileSync(
    requestFile,
    JSON.stringify({
      layers: layersForKeras(model),
      ...{ batch, height: model.tileHeight, width: model.tileWidth, bands: model.bands },
      ...{ classes: model.classes, weights: null, optimizer: "adam", learningRate: 1e-4, dropout: true },
      ...{ mode, interactive: true, compiled: options.compiled ?? false, weightsAfter: null },
      batches: [{ pixels: pixelsFile, labels: labelsFile }],
    }),
  );
  const started = performance.now();
  const child = spawn(python, [twinScript, requestFile], {
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3", CUDA_VISIBLE_DEVICES: "" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "close");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (steps: number): Promise<z.infer<typeof stepsSchema>> => {
    child.stdin.write(`${steps}\n`);
    const line = await lines.next();
    if (line.done === true) {
      const [code, signal] = (await exited) as [number | null, string | null];
      throw new Error(`Python ended before its steps were done (${signal ?? `exit code ${code}`}).`);
    }
    return stepsSchema.parse(JSON.parse(line.value));
  };
  const first = await answer(1);
  const done = performance.now();
  return {
    pid: child.pid ?? 0,
    secondsToFirstStep: (done - started) / 1000,
    secondsFromRequest: first.sinceImports,
    firstStepSeconds: first.seconds[0] ?? NaN,
    run: async (steps) => (await answer(steps)).seconds,
    memory: () => memoryOf(child.pid ?? 0),
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

/** The versions of the other side, as its Python says them. */
export async function kerasVersions(): Promise<Record<string, string>> {
  const script =
    "import json, sys, keras, tensorflow as tf\n" +
    'print(json.dumps({"Keras": keras.__version__, "TensorFlow": tf.__version__, "Python": sys.version.split()[0]}))';
  return z.record(z.string(), z.string()).parse(await runPeer(script));
}
