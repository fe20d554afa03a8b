import { appendFile, readFile, truncate } from "node:fs/promises";
import path from "node:path";
import type { EpochRecord } from "#shared/training/run.ts";
import { makeFolder } from "../make-folder.ts";
import { crc32c } from "./crc32c.ts";

/** In a run's folder: what TensorBoard is pointed at. */
export const TENSORBOARD_FOLDER = "tensorboard";

/** TensorBoard takes only names with this word in them for event files. */
const FILE = "events.out.tfevents.0.orthomask";

/** One curve's next point. */
interface ScalarPoint {
  /** Slashes group curves: `loss/validation`. */
  readonly tag: string;
  readonly value: number;
}

/**
 * Adds an epoch's numbers to the event file beside a run, so that TensorBoard shows its curves. A resumed run goes on in the same file; nothing here depends on it.
 *
 * The format is TensorFlow's own: a TFRecord file (length, masked CRC-32C of it, bytes, masked CRC-32C of them) of `Event` messages.
 */
export async function appendTensorBoard(
  directory: string,
  record: EpochRecord,
  { isFirst }: { readonly isFirst: boolean },
): Promise<void> {
  const seconds = Date.now() / 1000;
  const folder = path.join(directory, TENSORBOARD_FOLDER);
  await makeFolder(folder);
  const records = [
    ...(isFirst ? [tfRecord(versionEvent(seconds))] : []),
    tfRecord(scalarsEvent(seconds, record.epoch, pointsOf(record))),
  ];
  await appendFile(path.join(folder, FILE), Buffer.concat(records));
}

/** Takes off what a killed process has left of a record that it was writing: readers stop at it, and at all that comes behind. */
export async function cutTornEvents(directory: string): Promise<void> {
  const filePath = path.join(directory, TENSORBOARD_FOLDER, FILE);
  const bytes = await readFile(filePath).catch(() => null);
  if (bytes !== null) {
    const sound = soundBytes(bytes);
    if (sound < bytes.length) {
      await truncate(filePath, sound);
    }
  }
}

/** How many bytes from the beginning are whole records with the right checksums. */
function soundBytes(bytes: Buffer): number {
  let at = 0;
  while (at + 16 <= bytes.length) {
    const length = bytes.subarray(at, at + 8);
    const end = at + 12 + Number(length.readBigUInt64LE());
    if (
      !maskedCrc(length).equals(bytes.subarray(at + 8, at + 12)) ||
      end + 4 > bytes.length ||
      !maskedCrc(bytes.subarray(at + 12, end)).equals(bytes.subarray(end, end + 4))
    ) {
      break;
    }
    at = end + 4;
  }
  return at;
}

/** The curves of an epoch. */
export function pointsOf(record: EpochRecord): ScalarPoint[] {
  return [
    { tag: "loss/training", value: record.loss },
    { tag: "loss/validation", value: record.valLoss },
    { tag: "accuracy/training", value: record.accuracy },
    { tag: "accuracy/validation", value: record.valAccuracy },
    { tag: "mean_iou/validation", value: record.valMeanIou },
    { tag: "learning_rate", value: record.learningRate },
  ];
}

/** Event: wall_time = 1 (double), file_version = 3 (string). */
function versionEvent(seconds: number): Buffer {
  return Buffer.concat([doubleField(1, seconds), bytesField(3, Buffer.from("brain.Event:2"))]);
}

/** Event: wall_time = 1, step = 2 (int64), summary = 5; Summary: value = 1; Value: tag = 1, simple_value = 2 (float). */
function scalarsEvent(seconds: number, step: number, points: readonly ScalarPoint[]): Buffer {
  const values = points.map(({ tag, value }) =>
    bytesField(1, Buffer.concat([bytesField(1, Buffer.from(tag)), floatField(2, value)])),
  );
  return Buffer.concat([
    doubleField(1, seconds),
    Buffer.concat([Buffer.from([(2 << 3) | 0]), varint(step)]),
    bytesField(5, Buffer.concat(values)),
  ]);
}

/** One record of a TFRecord file. */
function tfRecord(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([length, maskedCrc(length), bytes, maskedCrc(bytes)]);
}

/** TensorFlow turns checksums by 15 bits and adds a constant, so that the checksum of data that holds checksums isn't weak. */
function maskedCrc(bytes: Uint8Array): Buffer {
  const crc = crc32c(bytes);
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  const written = Buffer.alloc(4);
  written.writeUInt32LE(masked);
  return written;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  do {
    const more = left >= 0x80;
    bytes.push((left % 0x80) | (more ? 0x80 : 0));
    left = Math.floor(left / 0x80);
  } while (left > 0);
  return Buffer.from(bytes);
}

function bytesField(field: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(bytes.length), bytes]);
}

function doubleField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = (field << 3) | 1;
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = (field << 3) | 5;
  bytes.writeFloatLE(value, 1);
  return bytes;
}
