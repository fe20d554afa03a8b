import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serveRanges, type RangeServer } from "../../fixtures/range-server.ts";
import { runCli, type CliOutcome } from "../../fixtures/run-cli.ts";
import { registerInfoCommand } from "./info.ts";

const rasters = path.join(import.meta.dirname, "../../fixtures/rasters");

let server: RangeServer;
let base: string;
beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), "orthomask-cli-info-"));
  server = await serveRanges(rasters);
});
afterAll(async () => {
  await server.close();
  await rm(base, { recursive: true, force: true });
});

function info(given: string): Promise<CliOutcome> {
  return runCli(["info", given, "--json"], [registerInfoCommand], { base });
}

it("tells of a file on a server what it tells of the file itself", async () => {
  const [here, there] = await Promise.all([
    info(path.join(rasters, "overviews.tif")),
    info(`${server.base}/overviews.tif`),
  ]);
  expect(there).toMatchObject({ code: 0, stderr: "" });
  const [local] = JSON.parse(here.stdout) as [Record<string, unknown>];
  expect(JSON.parse(there.stdout)).toEqual([{ ...local, path: `${server.base}/overviews.tif` }]);
});

it("says what is wrong with an address", async () => {
  const { code, stdout, stderr } = await info(`${server.base}/none.tif`);
  expect(code).toBe(1);
  expect(stderr).toMatch(/none\.tif: there is no such file \(127\.0\.0\.1:\d+ answers 404\)/);
  expect(JSON.parse(stdout)).toMatchObject([{ path: `${server.base}/none.tif` }]);
});
