import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawFolder, drawMosaic } from "../../fixtures/learning/draw-folder.ts";
import { buildForNode } from "../../fixtures/rpc/build-for-node.ts";
import { runSchema, type Run } from "#shared/training/run.ts";

const root = path.resolve(import.meta.dirname, "../..");
const binding = path.join(root, "node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node");

/** Everything that has a state: schedules, stopping, clipping, sums of gradients, random windows and all variations. */
const LEARNING = [
  ...["--model", "segnet", "--tile", "32", "--batch", "2", "--epochs", "6", "--seed", "11"],
  ...["--lr", "0.002", "--optimizer", "adamw", "--weight-decay", "0.01", "--l2", "0.0001"],
  ...["--loss", "focal(gamma=1.5)+0.5*lovasz", "--accumulate", "3", "--clip-norm", "1"],
  ...["--schedule", "plateau", "--plateau-patience", "1", "--decay-factor", "0.7"],
  ...["--early-stopping", "6", "--sampling", "balanced", "--split", "mosaic"],
  ...["--augment", "flips,turns,scale=0.3,brightness=0.1,contrast=0.2,hue=0.05,noise=0.02"],
];

describe.skipIf(!existsSync(binding))(
  "trainings that end before their time (skipped without TensorFlow)",
  () => {
    let folder: string;
    let built: string;
    let set: string;

    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), "orthomask-killed-"));
      // Below node_modules, so that the engine finds its binding as an installed one does.
      built = path.join(root, "node_modules/.cache", path.basename(folder));
      await mkdir(built, { recursive: true });
      await writeFile(path.join(built, "package.json"), JSON.stringify({ version: "0.0.0-test" }));
      await buildForNode(path.join(root, "src-main/cli/main.ts"), path.join(built, "out/cli"));
      const engine = await buildForNode(
        path.join(root, "src-main/engine/main.ts"),
        path.join(built, "out/engine"),
      );
      await rename(engine, path.join(built, "out/engine/engine.mjs"));
      set = path.join(folder, "set");
      await drawFolder(
        set,
        ["a", "b", "c"].map((name) => drawMosaic(name, 96, 96, 5)),
      );
    }, 120_000);

    afterAll(async () => {
      await rm(built, { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    });

    /** The program with a process group of its own, so that it can be killed with its engine. */
    function orthomask(words: readonly string[]): { child: ChildProcess; ended: Promise<string> } {
      const child = spawn(process.execPath, [path.join(built, "out/cli/main.mjs"), ...words], {
        detached: true,
        env: { ...process.env, ORTHOMASK_DATA: path.join(folder, "data") },
      });
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
      const ended = new Promise<string>((resolve) => {
        child.once("close", () => {
          resolve(output);
        });
      });
      return { child, ended };
    }

    async function readRun(directory: string): Promise<Run | null> {
      try {
        return runSchema.parse(JSON.parse(await readFile(path.join(directory, "run.json"), "utf8")));
      } catch {
        return null;
      }
    }

    it("six epochs are three, kill -9, and three more, to the last bit", async () => {
      const whole = path.join(folder, "whole");
      const cut = path.join(folder, "cut");
      const output = await orthomask(["train", set, ...LEARNING, "--out", whole]).ended;
      const uninterrupted = await readRun(whole);
      expect(uninterrupted?.history, output).toHaveLength(6);

      const first = orthomask(["train", set, ...LEARNING, "--out", cut]);
      while (((await readRun(cut))?.history.length ?? 0) < 3 && first.child.exitCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      process.kill(-(first.child.pid ?? NaN), "SIGKILL");
      await first.ended;
      const left = await readRun(cut);
      expect(left?.state.kind).toBe("running");
      expect([3, 4]).toContain(left?.history.length);

      const resumed = await orthomask(["train", set, "--resume", cut]).ended;
      const joined = await readRun(cut);
      expect(joined?.history, resumed).toHaveLength(6);
      const measured = (run: Run | null): unknown =>
        run?.history.map(({ seconds: _seconds, waitShare: _waitShare, ...record }) => record);
      expect(measured(joined)).toEqual(measured(uninterrupted));
      // The rate fell on the way, so that the plateau's state is part of what is compared.
      expect(new Set(joined?.history.map(({ learningRate }) => learningRate)).size).toBeGreaterThan(1);
      for (const file of ["last.weights", "best.weights"]) {
        const [ours, theirs] = await Promise.all([
          readFile(path.join(cut, file)),
          readFile(path.join(whole, file)),
        ]);
        expect(ours.equals(theirs), file).toBe(true);
      }
    }, 180_000);

    const SMALL = ["--width", "4", "--tile", "32", "--batch", "2", "--split", "mosaic", "--seed", "2"];

    it("a sweep that is killed in its second training goes on with what is left, and ends with all three", async () => {
      const folderOfRuns = path.join(set, ".orthomask/runs");
      const readAll = async (): Promise<Run[]> => {
        const names = await readdir(folderOfRuns).catch(() => []);
        const read = await Promise.all(names.map((name) => readRun(path.join(folderOfRuns, name))));
        return read
          .filter((run) => run !== null)
          .toSorted((first, second) => first.createdAt.localeCompare(second.createdAt));
      };
      const first = orthomask([
        ...["train", set, ...SMALL, "--epochs", "3", "--name", "Small"],
        ...["--sweep", "learning-rate=0.01,0.003,0.001"],
      ]);
      while (((await readAll())[1]?.history.length ?? 0) < 1 && first.child.exitCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      process.kill(-(first.child.pid ?? NaN), "SIGKILL");
      const output = await first.ended;
      const left = await readAll();
      expect(
        left.map(({ name }) => name),
        output,
      ).toEqual(["Small: learning rate 0.01", "Small: learning rate 0.003", "Small: learning rate 0.001"]);
      expect(left.map(({ state }) => state.kind)).toEqual(["finished", "running", "queued"]);

      // Looking is not training: what was under way waits again, before the other.
      const listed = await orthomask(["runs", set, "--json"]).ended;
      expect((JSON.parse(listed) as { state: string }[]).map(({ state }) => state)).toEqual([
        "queued",
        "queued",
        "finished",
      ]);
      const continued = await orthomask(["runs", "continue", set]).ended;
      expect(continued).toContain("1 of 2: Small: learning rate 0.003");
      const ended = await readAll();
      expect(
        ended.map(({ state, history, settings }) => [state.kind, history.length, settings.learningRate]),
        continued,
      ).toEqual([
        ["finished", 3, 0.01],
        ["finished", 3, 0.003],
        ["finished", 3, 0.001],
      ]);
      expect(ended[1]?.history.slice(0, left[1]?.history.length)).toEqual(left[1]?.history);
      expect(await orthomask(["runs", "continue", set]).ended).toContain("nothing waits to be trained");
    }, 90_000);

    it("a loss that is no number ends with step and rate, the best kept, and the way on", async () => {
      const out = path.join(folder, "diverged");
      // Each step multiplies the kernels by 1 - 10 · 2 · l2, until their squares are beyond float32 in the second epoch.
      const output = await orthomask([
        ...["train", set, ...SMALL, "--epochs", "9", "--out", out],
        ...["--l2", "1", "--lr", "10", "--optimizer", "sgd", "--momentum", "0"],
      ]).ended;
      expect(output).toMatch(
        /^error: The loss became (NaN|infinite) in epoch [2-9], step \d+, at a learning rate of 10\. Train again with a smaller one, such as 0\.001\. The best so far, epoch 1, is kept, and training can go on after epoch \d\. Go on with: orthomask train .* --resume /m,
      );
      const run = await readRun(out);
      expect(run?.state.kind).toBe("failed");
      expect(run?.best?.epoch).toBe(1);
      expect(existsSync(path.join(out, "best.weights"))).toBe(true);
    }, 60_000);

    it.skipIf(!existsSync("/proc/self/task"))(
      "an engine killed in mid-epoch loses no finished epoch, and the way on is told",
      async () => {
        const out = path.join(folder, "engine-killed");
        const words = ["train", set, ...SMALL, "--tile", "36", "--epochs", "500", "--out", out];
        const { child, ended } = orthomask(words);
        while (((await readRun(out))?.history.length ?? 0) < 1 && child.exitCode === null) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
        const engine = Number(children.trim().split(" ").at(-1));
        expect(await readFile(`/proc/${engine}/cmdline`, "utf8")).toContain("engine.mjs");
        process.kill(engine, "SIGKILL");
        const output = await ended;
        expect(output).toContain("tiles of 36 px are filled up to 48 with their mirror image");
        expect(output).toMatch(
          /^error: The engine has stopped: it was killed \(SIGKILL\).* The best so far, epoch \d+, is kept, and training can go on after epoch \d+\. Go on with: orthomask train /m,
        );
        const { history } = (await readRun(out)) ?? { history: [] };
        expect(history.length).toBeGreaterThan(0);
        const resumed = await orthomask([
          ...["train", set, "--resume", out, "--epochs", String(history.length + 1)],
        ]).ended;
        const after = await readRun(out);
        expect(after?.history.slice(0, -1), resumed).toEqual(history);
        expect(after?.state).toEqual({ kind: "finished", reason: "all-epochs" });
      },
      60_000,
    );

    it("weights of another shape say which layer, what it expects and what was found", async () => {
      const wide = path.join(folder, "wide");
      await orthomask(["train", set, ...SMALL, "--epochs", "1", "--max-steps", "1", "--out", wide]).ended;
      const narrow = [...SMALL, "--width", "5", "--epochs", "1", "--max-steps", "1"];
      const refused = await orthomask(["train", set, ...narrow, "--weights", wide]).ended;
      expect(refused).toMatch(
        /^error: .* has no layer that U-Net could begin with: none has the same name and shape: conv2d expects \[3, 3, 3, 5\], found \[3, 3, 3, 4\]\.$/m,
      );
      const deeper = [
        "--model",
        "segnet",
        "--tile",
        "32",
        "--batch",
        "2",
        "--epochs",
        "1",
        "--max-steps",
        "1",
      ];
      const partly = await orthomask(["train", set, ...deeper, "--weights", wide]).ended;
      expect(partly).toMatch(/^error: .* has no layer that SegNet could begin with/m);
    }, 60_000);
  },
);
