import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { peerPython, runPeer } from "../../../fixtures/peers.ts";
import type { EpochRecord } from "#shared/training/run.ts";
import { appendLog, cutTornTails } from "./index.ts";
import { crc32c } from "./crc32c.ts";
import { appendTensorBoard, pointsOf, TENSORBOARD_FOLDER } from "./tensorboard-events.ts";

const record = (epoch: number): EpochRecord => ({
  epoch,
  loss: 1 / epoch,
  accuracy: 0.5,
  valLoss: 2 / epoch,
  valAccuracy: 0.25,
  valMeanIou: 0.125 * epoch,
  valClassIou: [0.5, null],
  learningRate: 0.001,
  seconds: 3,
  waitShare: 0,
});

it("crc32c gives the check value of its catalogue", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  // RFC 3720, B.4: 32 bytes of zeroes, and of ones.
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
});

it("a record and a line that a killed process has begun are cut off before the next ones", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "orthomask-torn-"));
  try {
    const events = path.join(folder, TENSORBOARD_FOLDER, "events.out.tfevents.0.orthomask");
    const log = path.join(folder, "log.jsonl");
    await appendTensorBoard(folder, record(1), { isFirst: true });
    await appendLog(folder, record(1));
    const [soundEvents, soundLog] = [await readFile(events), await readFile(log)];
    await appendTensorBoard(folder, record(2), { isFirst: false });
    const whole = await readFile(events);
    // Cut in the length, in the data, in the checksum, and not at all.
    for (const left of [3, 20, whole.length - soundEvents.length - 1, 0]) {
      await writeFile(events, whole.subarray(0, soundEvents.length + left));
      await writeFile(log, Buffer.concat([soundLog, Buffer.from('{"finishedAt":"20').subarray(0, left)]));
      await cutTornTails(folder);
      expect((await readFile(events)).equals(soundEvents)).toBe(true);
      expect((await readFile(log)).equals(soundLog)).toBe(true);
    }
    await writeFile(events, whole);
    await writeFile(log, '{"torn');
    await cutTornTails(folder);
    expect((await readFile(events)).equals(whole)).toBe(true);
    expect(await readFile(log, "utf8")).toBe("");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** TensorFlow's own reader, which checks every checksum. */
const readEvents = `
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
found = []
for record in tf.data.TFRecordDataset(sys.argv[1]):
    event = tf.compat.v1.Event.FromString(record.numpy())
    found.append({"version": event.file_version, "step": event.step,
                  "values": {value.tag: value.simple_value for value in event.summary.value}})
print(json.dumps(found))
`;

describe.skipIf(peerPython() === undefined)("event files (skipped without the Python peers)", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "orthomask-events-"));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("are read by TensorFlow with every curve, epoch by epoch", async () => {
    for (const epoch of [1, 2, 300]) {
      await appendTensorBoard(folder, record(epoch), { isFirst: epoch === 1 });
    }
    const file = path.join(folder, TENSORBOARD_FOLDER, "events.out.tfevents.0.orthomask");
    const events = (await runPeer(readEvents, [file], { timeoutMilliseconds: 280_000 })) as {
      version: string;
      step: number;
      values: Record<string, number>;
    }[];
    expect(events[0]).toMatchObject({ version: "brain.Event:2" });
    expect(events.slice(1).map(({ step }) => step)).toEqual([1, 2, 300]);
    for (const { step, values } of events.slice(1)) {
      const expected = pointsOf(record(step)).map(({ tag, value }) => [tag, Math.fround(value)]);
      expect(values).toEqual(Object.fromEntries(expected));
      expect(values).toEqual({
        "loss/training": Math.fround(1 / step),
        "loss/validation": Math.fround(2 / step),
        "accuracy/training": 0.5,
        "accuracy/validation": 0.25,
        "mean_iou/validation": 0.125 * step,
        learning_rate: Math.fround(0.001),
      });
    }
  }, 300_000);
});
