import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectContract } from "#shared/rpc/client.ts";
import { buildForNode } from "../../fixtures/rpc/build-for-node.ts";
import { probeContract } from "../../fixtures/rpc/probe-contract.ts";
import { engineLauncher, forkEngine } from "./engine-process.ts";

let directory: string;
let probe: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "orthomask-engine-"));
  probe = await buildForNode(
    path.resolve(import.meta.dirname, "../../fixtures/rpc/probe-child.ts"),
    directory,
  );
}, 60_000);
afterAll(() => rm(directory, { recursive: true }));

test("a launched engine answers, and a killed one disconnects and says how it ended", async () => {
  const engine = await engineLauncher(probe).launch();
  const client = connectContract(probeContract, engine.port);
  const pixels = new Float32Array([0, 0.5, 1]);
  expect(await client.values.echo({ pixels })).toStrictEqual({ pixels });
  const hanging = client.calls.hang();
  engine.kill();
  await expect(hanging).rejects.toMatchObject({ code: "disconnected" });
  expect(await engine.exited).toStrictEqual({ code: null, signal: "SIGKILL", outputTail: "" });
  expect(() => process.kill(engine.pid, 0)).toThrow();
});

test("an engine that fails leaves the end of what it wrote", async () => {
  const script = path.join(directory, "fails.mjs");
  await writeFile(
    script,
    'console.log("x".repeat(10_000)); throw new Error("libtensorflow.so.2 is missing");',
  );
  const { code, signal, outputTail } = await (await forkEngine(script)).exited;
  expect([code, signal]).toStrictEqual([1, null]);
  expect(outputTail).toContain("libtensorflow.so.2 is missing");
  expect(outputTail).toHaveLength(4096);
});

test("passes its environment on and keeps the host's flags to itself", async () => {
  const script = path.join(directory, "environment.mjs");
  await writeFile(script, "console.error(process.env.TF_SETTING, process.execArgv.length);");
  const { outputTail } = await (await forkEngine(script, { env: { TF_SETTING: "2" } })).exited;
  expect(outputTail).toBe("2 0\n");
});

test("a Node that isn't there is told in a sentence", async () => {
  await expect(forkEngine(probe, { nodePath: "/nowhere/node" })).rejects.toMatchObject({
    code: "internal",
    message: expect.stringMatching(/^The engine could not be started: .*ENOENT/) as string,
  });
});
