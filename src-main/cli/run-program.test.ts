import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, truncate, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli, type CliOutcome } from "../../fixtures/run-cli.ts";
import { UsageError } from "./cli-io.ts";
import { registerInfoCommand } from "./info.ts";
import type { RegisterCommand } from "./run-program.ts";
import { registerSampleCommand } from "./sample.ts";
import { terminalProgress } from "./terminal-progress.ts";
import { registerTrainCommand } from "./train.ts";

const shared = path.resolve(import.meta.dirname, "../../../shared/data");
let base: string;

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), "orthomask-cli-"));
});

afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

function run(
  words: string[],
  commands: RegisterCommand[] = [registerInfoCommand, registerSampleCommand],
  signal?: AbortSignal,
): Promise<CliOutcome> {
  return runCli(words, commands, { base, ...(signal === undefined ? {} : { signal }) });
}

describe("the program", () => {
  it("ends with 0, 1, 2 or 130, and says why in one line", async () => {
    const fails: RegisterCommand = (program) => {
      program.command("fail").action(() => {
        throw new Error("the disk is full\n  at somewhere");
      });
      program.command("misuse").action(() => {
        throw new UsageError("--tile wants a positive number, but got 0.");
      });
      program.command("wait").action(() => undefined);
    };
    expect(await run(["fail"], [fails])).toEqual({
      code: 1,
      stdout: "",
      stderr: "error: the disk is full at somewhere\n",
    });
    expect((await run(["fail", "--verbose"], [fails])).stderr).toContain("run-program.test");
    expect(await run(["misuse"], [fails])).toMatchObject({ code: 2, stdout: "" });
    expect(await run(["no-such-command"], [fails])).toMatchObject({ code: 2, stdout: "" });
    expect(await run(["info"])).toMatchObject({ code: 2, stderr: expect.stringContaining("path") as string });
    expect(await run(["--version"])).toMatchObject({ code: 0, stdout: "0.1.0\n" });
    const help = await run(["sample", "--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toMatch(/--seed/);
    expect(help.stdout).toMatch(/--json/);
    const stopped = new AbortController();
    stopped.abort();
    expect((await run(["wait"], [fails], stopped.signal)).code).toBe(130);
  });

  it("draws lines without a terminal, and a bar on one", () => {
    let text = "";
    let now = 0;
    const plain = terminalProgress({ write: (part) => (text += part) }, "drawing", () => now);
    for (let percent = 0; percent <= 100; percent++) {
      plain.update({ progress: percent / 100, detail: "", etaSeconds: 100 - percent });
    }
    plain.end("done");
    expect(text.trimEnd().split("\n")).toHaveLength(1 + 100 / 5 + 1);
    expect(text).toMatch(/^drawing {4}0 % {2}2 min left\n/);
    text = "";
    const bar = terminalProgress(
      { isTTY: true, columns: 40, write: (part) => (text += part) },
      "drawing",
      () => now,
    );
    bar.update({ progress: 0.5, detail: "mosaic 1 of 2" });
    now += 50;
    bar.update({ progress: 0.6, detail: "too soon to be drawn" });
    bar.end();
    expect(text).toContain("█".repeat(12) + "░".repeat(12));
    expect(text).not.toContain("too soon");
    expect(text.endsWith("\u001b[2K")).toBe(true);
  });
});

describe("sample and info", () => {
  it("write a set and tell of it in one JSON document", async () => {
    const folder = path.join(base, "country");
    const drawn = await run(["sample", folder, "--size", "256", "--mosaics", "1", "--seed", "2", "--json"]);
    expect(drawn.code).toBe(0);
    expect(JSON.parse(drawn.stdout)).toMatchObject({
      dir: folder,
      mosaics: [{ name: "sample-1", image: "images/sample-1.tif", mask: "masks/sample-1.tif" }],
      classes: [
        { name: "background" },
        { name: "building" },
        { name: "woodland" },
        { name: "water" },
        { name: "road" },
      ],
    });
    const told = await run(["info", folder, "--json"]);
    expect(told.code).toBe(0);
    const [item] = JSON.parse(told.stdout) as { mask: { classes: Record<string, number> } }[];
    expect(item).toMatchObject({
      path: path.join(folder, "images/sample-1.tif"),
      width: 256,
      height: 256,
      bands: 3,
      dtype: "uint8",
      crs: "EPSG:2180",
      transform: [0.25, 0, 681_250, 0, -0.25, 479_900],
      nodata: null,
      blockSize: [512, 512],
      mask: { path: path.join(folder, "masks/sample-1.tif") },
    });
    expect(Object.values(item?.mask.classes ?? {}).reduce((sum, pixels) => sum + pixels, 0)).toBe(256 * 256);
    // Looking at a folder leaves nothing in it.
    expect(existsSync(path.join(folder, ".orthomask"))).toBe(false);
    expect(await run(["sample", folder])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: .* is there already; choose an empty folder\.\n$/) as string,
    });
    expect((await run(["sample", folder, "--size", "-5"])).code).toBe(2);
  });

  it("name what can't be read, and end with 1", async () => {
    const text = path.join(base, "notes.tif");
    await writeFile(text, "only text");
    const told = await run(["info", text, path.join(base, "nowhere"), "--json"]);
    expect(told.code).toBe(1);
    expect(JSON.parse(told.stdout)).toMatchObject([
      { path: text, error: expect.stringMatching(/notes\.tif: expected a TIFF, PNG or JPEG/) as string },
      { error: expect.stringMatching(/no file or folder/) as string },
    ]);
    await mkdir(path.join(base, "empty"));
    expect((await run(["info", path.join(base, "empty")])).stderr).toMatch(/holds no images/);
    await run(["sample", path.join(base, "cut"), "--size", "512", "--mosaics", "2"]);
    const cut = path.join(base, "cut/images/sample-1.tif");
    await truncate(cut, Math.floor((await stat(cut)).size / 2));
    const half = await run(["info", path.join(base, "cut"), "--json"]);
    expect(half.code).toBe(0);
    expect(JSON.parse(half.stdout)).toMatchObject([{ error: expect.any(String) as string }, { width: 512 }]);
  });
});

describe("warnings and usage", () => {
  it("name each file that needs attention, on stderr, by info and train", async () => {
    const folder = path.join(base, "country");
    await run(["sample", folder, "--size", "256", "--mosaics", "2"]);
    await writeFile(path.join(folder, "images/sample-2.tif"), "no image");
    const classes = JSON.stringify([{ id: 0, name: "rest", color: "#000000" }]);
    await writeFile(path.join(folder, "classes.json"), classes);
    const told = await run(["info", folder, "--json"]);
    expect(told.code).toBe(0);
    expect(JSON.parse(told.stdout)).toHaveLength(2);
    const unknownIds = /^warning: masks\/sample-1\.tif: This mask has ids that are no class: /m;
    expect(told.stderr).toMatch(unknownIds);
    expect(told.stderr).toMatch(/^warning: images\/sample-2\.tif: This image can't be opened: /m);

    await writeFile(path.join(folder, "classes.json"), "[");
    await writeFile(path.join(folder, "orthomask.json"), "{");
    const trained = await run(["train", folder], [registerTrainCommand]);
    expect(trained.code).toBe(1);
    expect(trained.stderr).toMatch(/^warning: classes\.json is not used: /m);
    expect(trained.stderr).toMatch(/^warning: orthomask\.json can't be read /m);
    expect(trained.stderr).toMatch(/^warning: images\/sample-2\.tif: /m);
    expect(existsSync(path.join(folder, "orthomask.json"))).toBe(true);
  });

  it("say nothing of masks where there are none", async () => {
    const folder = path.join(base, "country");
    await run(["sample", folder, "--size", "256", "--mosaics", "1"]);
    await rm(path.join(folder, "masks"), { recursive: true });
    expect(await run(["info", folder])).toMatchObject({ code: 0, stderr: "" });
  });

  it("take an unknown model, loss or split for wrong usage", async () => {
    const folder = path.join(base, "country");
    await run(["sample", folder, "--size", "256", "--mosaics", "2"]);
    for (const option of ["--model", "--loss", "--split"]) {
      const told = await run(["train", folder, option, "nonsense"], [registerTrainCommand]);
      expect(told).toMatchObject({ code: 2, stdout: "" });
      expect(told.stderr).toMatch(new RegExp(`^error: ${option}`, "m"));
    }
    const fast = await run(["train", folder, "--lr", "1e30"], [registerTrainCommand]);
    expect(fast).toMatchObject({ code: 2, stdout: "" });
    expect(fast.stderr).toMatch(/^error: --lr: .*10\.$/m);
  });

  it("name the path where nothing can be written", async () => {
    const inTheWay = path.join(base, "file");
    await writeFile(inTheWay, "");
    expect(await run(["sample", path.join(inTheWay, "country")])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `error: ${path.join(inTheWay, "country/images")}: a file stands where a folder is expected.`,
      ) as string,
    });
  });
});

describe.skipIf(!existsSync(path.join(shared, "dubai")))(
  "info on real folders (../shared/data, skipped where it is missing)",
  () => {
    it("tells what dubai is", async () => {
      const told = await run(["info", path.join(shared, "dubai"), "--json"]);
      expect(told.code).toBe(0);
      const items = JSON.parse(told.stdout) as {
        width: number;
        height: number;
        crs: string;
        transform: number[];
        mask: { classes: Record<string, number> };
      }[];
      expect(items).toHaveLength(5);
      for (const item of items) {
        expect(item.crs).toBe("EPSG:32640");
        expect(item.transform[0]).toBe(0.5);
        const pixels = Object.values(item.mask.classes).reduce((sum, count) => sum + count, 0);
        expect(pixels).toBeGreaterThan(0);
        expect(pixels).toBeLessThanOrEqual(item.width * item.height);
      }
      expect(Math.max(...items.map(({ width }) => width))).toBe(5450);
    });

    it("tells why a mask is refused", async () => {
      const told = await run(["info", path.join(shared, "amazon-mismatched")]);
      expect(told.code).toBe(0);
      expect(told.stdout).toContain("is not used: mask is 515×512 px, its image 512×512");
    });
  },
);
