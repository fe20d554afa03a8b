import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contract } from "#shared/contract.ts";
import type { AppContract, ShellCommand } from "#shared/contract.ts";
import { initialDisplay } from "#shared/project/display-state.ts";
import type { ProjectSnapshot } from "#shared/project/project-snapshot.ts";
import { connectContract } from "#shared/rpc/client.ts";
import type { Client } from "#shared/rpc/contract.ts";
import { inMemoryPortPair } from "#shared/rpc/ports/in-memory-port.ts";
import { createHost } from "./create-host.ts";
import type { Host, HostOptions, ShellBridge } from "./host-options.ts";
import { noShell } from "./ports/no-shell.ts";
import { drawSample } from "./sample/index.ts";

let base: string;
let hosts: Host[];
let busy: (string | null)[];
let recent: string[];
let command: (command: ShellCommand) => void;

beforeEach(async () => {
  base = await mkdtemp(path.join(tmpdir(), "orthomask-host-"));
  hosts = [];
  busy = [];
  recent = [];
});

afterEach(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  await rm(base, { recursive: true, force: true });
});

async function start(options: Partial<HostOptions> = {}): Promise<{ host: Host; page: Client<AppContract> }> {
  const shell: ShellBridge = {
    ...noShell({ download: true }),
    setBusy: (reason) => {
      busy.push(reason);
    },
    setRecentFolders: (folders) => {
      recent = folders.map(({ name }) => name);
    },
    onCommand: (listener) => {
      command = listener;
      return () => undefined;
    },
  };
  const host = await createHost({
    dataDirectory: path.join(base, "data"),
    cacheDirectory: path.join(base, "cache"),
    engine: { launch: () => Promise.reject(new Error("no engine in this test")) },
    shell,
    allowedRoots: [base],
    initialFolder: null,
    version: "0.1.0",
    ...options,
  });
  hosts.push(host);
  const [pageEnd, hostEnd] = inMemoryPortPair();
  host.connect(hostEnd);
  return { host, page: connectContract(contract, pageEnd) };
}

async function settledSnapshot(page: Client<AppContract>, projectId: string): Promise<ProjectSnapshot> {
  for await (const snapshot of page.projects.watch({ projectId })) {
    if (!snapshot.scanning) {
      return snapshot;
    }
  }
  throw new Error("the stream ended");
}

describe("a page", () => {
  it("opens the folder the shell was started with, watches it and gets tiles", async () => {
    const folder = path.join(base, "country");
    await drawSample(folder, { sizePixels: 512, mosaics: 1, seed: 1 });
    const { page } = await start({ initialFolder: folder });
    expect(await page.app.capabilities()).toEqual({
      ...noShell({ download: true }).capabilities,
      orthomaskVersion: "0.1.0",
    });
    const current = await page.projects.current();
    const projectId = current?.projectId ?? "";
    const snapshot = await settledSnapshot(page, projectId);
    expect(snapshot).toMatchObject({ name: "country", viewProjection: { code: "EPSG:2180" }, problems: [] });
    const [mosaic] = snapshot.mosaics;
    const pixelWindow = { x: 0, y: 0, width: 512, height: 512 };
    const size = { width: 64, height: 64 };
    const request = { projectId, mosaicId: mosaic?.id ?? "", pixelWindow, size };
    const imagery = await page.rasters.tile({ ...request, source: { kind: "imagery" } });
    expect(imagery).toMatchObject({ layout: "rgba", width: 64, height: 64 });
    expect(new Set(imagery.data.filter((_, index) => index % 4 === 3))).toEqual(new Set([255]));
    const labels = await page.rasters.tile({ ...request, source: { kind: "labels" } });
    expect([...new Set(labels.data)].every((id) => id <= 4)).toBe(true);
    expect(await page.projects.current()).toEqual({ projectId });
    expect(recent).toEqual(["country"]);
  });

  it("finds folders by browsing only, and is told why one can't be opened", async () => {
    await mkdir(path.join(base, "empty"));
    const { page } = await start();
    expect(await page.projects.current()).toBeNull();
    const [root] = await page.folders.roots();
    const { children } = await page.folders.list({ folderId: root?.folderId ?? "" });
    const empty = children.find(({ name }) => name === "empty");
    await expect(page.projects.open({ folderId: empty?.folderId ?? "" })).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringMatching(/holds no images/) as string,
    });
    await expect(page.projects.open({ folderId: path.join(base, "empty") })).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(settledSnapshot(page, "p-unknown")).rejects.toMatchObject({ code: "not-found" });
  });

  it("shows the initial folder's error again after a reload, and another folder once the shell says so", async () => {
    const { host, page } = await start({ initialFolder: path.join(base, "nowhere") });
    await expect(page.projects.current()).rejects.toMatchObject({ code: "not-found" });
    await expect(page.projects.current()).rejects.toMatchObject({ code: "not-found" });
    await expect(host.showFolder(path.join(base, "nowhere-else"))).rejects.toMatchObject({
      code: "not-found",
    });
    await drawSample(path.join(base, "b"), { sizePixels: 256, mosaics: 1, seed: 1 });
    await host.showFolder(path.join(base, "b"));
    const current = await page.projects.current();
    expect((await settledSnapshot(page, current?.projectId ?? "")).name).toBe("b");
  });

  it("comes back to the last project, with its classes, view and layers", async () => {
    const folder = path.join(base, "kept");
    await drawSample(folder, { sizePixels: 256, mosaics: 1, seed: 1 });
    const first = await start({ initialFolder: folder });
    const { projectId } = (await first.page.projects.current()) ?? { projectId: "" };
    const classes = [{ id: 2, name: "trees", color: "#009e73", ignore: false }];
    const view = {
      center: [1, 2] as [number, number],
      resolution: 1,
      projectionCode: "EPSG:2180",
    };
    await first.page.projects.setClasses({ projectId, classes });
    await first.page.projects.saveView({ projectId, view });
    const display = { ...initialDisplay, hiddenMosaicIds: ["one"], selectedRunId: "unet-2" };
    await first.page.projects.saveDisplay({ projectId, display });
    await expect(
      first.page.projects.saveDisplay({ projectId, display: { ...display, swipePosition: 2 } }),
    ).rejects.toMatchObject({ code: "invalid-input" });
    await expect(
      first.page.projects.setClasses({ projectId, classes: [...classes, ...classes] }),
    ).rejects.toMatchObject({ code: "invalid-input" });
    await first.host.close();
    const second = await start();
    const again = await second.page.projects.current();
    expect(again).toEqual({ projectId });
    expect(await settledSnapshot(second.page, projectId)).toMatchObject({
      classes,
      viewState: view,
      display,
    });
    expect((await second.page.projects.recent())[0]).toMatchObject({ name: "kept" });
  });

  it("hears of files that are added, and of commands of the shell's menu", async () => {
    const folder = path.join(base, "growing");
    await drawSample(folder, { sizePixels: 256, mosaics: 1, seed: 1 });
    const { page } = await start({ initialFolder: folder });
    const { projectId } = (await page.projects.current()) ?? { projectId: "" };
    await settledSnapshot(page, projectId);
    await writeFile(path.join(folder, "images/notes.tif"), "text");
    await page.projects.rescan({ projectId });
    const { mosaics } = await settledSnapshot(page, projectId);
    expect(mosaics.map(({ kind }) => kind)).toEqual(["failed", "ready"]);
    const commands = page.app.commands()[Symbol.asyncIterator]();
    const next = commands.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    command("zoom-fit");
    expect((await next).value).toBe("zoom-fit");
    await commands.return?.();
  });

  it("sees a pyramid being built for a large image without overviews, which doesn't keep the window open", async () => {
    const folder = path.join(base, "large");
    const { createGeoTiffWriter, noGeoTags } = await import("../raster/index.ts");
    await mkdir(folder);
    const writer = await createGeoTiffWriter(path.join(folder, "large.tif"), {
      width: 2600,
      height: 300,
      bands: 1,
      dtype: "uint8",
      geoTags: noGeoTags,
      overviews: "none",
    });
    await writer.finish();
    const { page } = await start({ initialFolder: folder });
    const { projectId } = (await page.projects.current()) ?? { projectId: "" };
    await settledSnapshot(page, projectId);
    for await (const jobs of page.jobs.watch()) {
      const [job] = jobs;
      if (job?.state.kind === "succeeded") {
        expect(job).toMatchObject({ kind: "pyramid", title: "Overviews of large", projectId });
        break;
      }
      expect(job?.state.kind).not.toBe("failed");
    }
    expect(busy.every((reason) => reason === null)).toBe(true);
  });
});
