import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CheckpointFile, writeCheckpoint } from "./checkpoint.ts";

let folder = "";
let file = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "orthomask-checkpoint-"));
  file = path.join(folder, "best.weights");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const shapes = new Map([
  ["conv2d/kernel", [1, 1, 2, 2]],
  ["conv2d/bias", [2]],
]);
const values = new Map([
  ["conv2d/kernel", Float32Array.of(1.5, -2, 3e-30, 4)],
  ["conv2d/bias", Float32Array.of(0, -0.25)],
]);

test("reads what was written, whole, and leaves no other file", () => {
  writeCheckpoint(file, shapes, { architecture: "unet" }, values);
  expect(readdirSync(folder)).toEqual(["best.weights"]);
  const checkpoint = new CheckpointFile(file);
  expect(checkpoint.shapes).toEqual(shapes);
  for (const [name, shape] of shapes) {
    expect(checkpoint.values(name, shape)).toEqual(values.get(name));
  }
  checkpoint.close();
});

test("is a safetensors file", () => {
  writeCheckpoint(file, shapes, {}, values);
  const bytes = readFileSync(file);
  const length = Number(bytes.readBigUInt64LE(0));
  expect(length % 8).toBe(0);
  expect(JSON.parse(bytes.subarray(8, 8 + length).toString())).toEqual({
    __metadata__: { format: "orthomask-checkpoint", version: "1" },
    "conv2d/kernel": { dtype: "F32", shape: [1, 1, 2, 2], data_offsets: [0, 16] },
    "conv2d/bias": { dtype: "F32", shape: [2], data_offsets: [16, 24] },
  });
  expect(bytes.readFloatLE(8 + length + 4)).toBe(-2);
});

test("says which layer has another shape, what was expected and what was found", () => {
  writeCheckpoint(file, shapes, {}, values);
  const checkpoint = new CheckpointFile(file);
  expect(() => checkpoint.values("conv2d/kernel", [1, 1, 2, 5])).toThrow(
    `${file}: layer "conv2d" (kernel) expects [1, 1, 2, 5], found [1, 1, 2, 2].`,
  );
  expect(() => checkpoint.values("conv2d_1/kernel", [1])).toThrow(
    `has no weights for layer "conv2d_1" (kernel)`,
  );
  checkpoint.close();
});

test("a file that breaks off while being written leaves the old one whole", () => {
  writeCheckpoint(file, shapes, {}, values);
  const before = readFileSync(file);
  const failing = function* (): Generator<[string, Float32Array]> {
    yield ["conv2d/kernel", new Float32Array(4)];
    throw new Error("no space left on device");
  };
  expect(() => {
    writeCheckpoint(file, shapes, {}, failing());
  }).toThrow(`The checkpoint ${file} could not be written: no space left on device`);
  expect(readFileSync(file)).toEqual(before);
  expect(readdirSync(folder)).toEqual(["best.weights"]);
});

test.each([
  ["a text", () => writeFileSync(file, "not a checkpoint at all")],
  ["an empty file", () => writeFileSync(file, "")],
  [
    "a foreign safetensors file",
    () => {
      const header = Buffer.from(
        JSON.stringify({ weight: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }),
      );
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      writeFileSync(file, Buffer.concat([length, header, Buffer.alloc(4)]));
    },
  ],
])("%s is refused by name", (_, write) => {
  write();
  expect(() => new CheckpointFile(file)).toThrow(file);
});

test("a truncated file and a missing one are refused", () => {
  expect(() => new CheckpointFile(file)).toThrow(`The checkpoint ${file} could not be opened`);
  expect(existsSync(file)).toBe(false);
  writeCheckpoint(file, shapes, {}, values);
  truncateSync(file, readFileSync(file).length - 3);
  const checkpoint = new CheckpointFile(file);
  expect(() => checkpoint.values("conv2d/bias", [2])).toThrow("more were expected");
  checkpoint.close();
});
