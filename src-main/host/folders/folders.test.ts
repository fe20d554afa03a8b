import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Dropped } from "#shared/contract.ts";
import { isBelow } from "../../raster/index.ts";
import type { ShellBridge } from "../host-options.ts";
import { noShell } from "../ports/no-shell.ts";
import { Folders } from "./index.ts";

let base: string;
let root: string;

beforeEach(async () => {
  base = await realpath(await mkdtemp(path.join(tmpdir(), "orthomask-folders-")));
  root = path.join(base, "root");
  await mkdir(path.join(root, "project/images"), { recursive: true });
  await writeFile(path.join(root, "project/images/a.tif"), "");
  await writeFile(path.join(root, "project/images/b.png"), "");
  await mkdir(path.join(root, ".hidden"));
  await mkdir(path.join(base, "secret"));
  await mkdir(path.join(base, "root-beside"));
  await symlink(path.join(base, "secret"), path.join(root, "way-out"));
  await symlink(path.join(root, "project"), path.join(root, "way-in"));
});

afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

function folders(shell: ShellBridge = noShell({ download: true })): Folders {
  return new Folders({ allowedRoots: [root], shell });
}

describe("browsing", () => {
  it("lists folders below the roots with their images counted, and never follows a link out", async () => {
    const service = folders();
    const [top] = await service.roots();
    const { children, parentId } = await service.list(top?.folderId ?? "");
    expect(parentId).toBeNull();
    expect(children.map(({ name, mosaicCount }) => [name, mosaicCount])).toEqual([
      ["project", 2],
      ["way-in", 2],
    ]);
    const inside = await service.list(children[0]?.folderId ?? "");
    expect(inside.parentId).toBe(top?.folderId);
  });

  it("takes only ids that it gave out", async () => {
    const service = folders();
    await expect(service.list(path.join(base, "secret"))).rejects.toMatchObject({ code: "not-found" });
    await expect(service.resolve("../secret")).rejects.toMatchObject({ code: "not-found" });
    const outside = service.grant(path.join(base, "secret"));
    await expect(service.list(outside)).rejects.toMatchObject({ code: "not-found" });
  });

  it("lists files of weights by ids, and never gives one that a link leads out to", async () => {
    await writeFile(path.join(root, "project/vgg16.h5"), "12345");
    await writeFile(path.join(root, "project/notes.txt"), "");
    await writeFile(path.join(base, "secret/net.keras"), "");
    await symlink(path.join(base, "secret/net.keras"), path.join(root, "project/out.keras"));
    const service = folders();
    const [top] = await service.roots();
    const { children } = await service.list(top?.folderId ?? "");
    const files = await service.files(children[0]?.folderId ?? "", "weights");
    expect(files.map(({ name, bytes }) => [name, bytes])).toEqual([
      ["out.keras", 0],
      ["vgg16.h5", 5],
    ]);
    const [out, vgg] = files;
    expect(await service.resolveFile(vgg?.fileId ?? "")).toBe(path.join(root, "project/vgg16.h5"));
    await expect(service.resolveFile(out?.fileId ?? "")).rejects.toMatchObject({ code: "not-found" });
    await expect(service.resolveFile(path.join(root, "project/vgg16.h5"))).rejects.toMatchObject({
      code: "not-found",
    });
  });

  it("looks again at a folder that has become a link", async () => {
    const service = folders();
    const [top] = await service.roots();
    const { children } = await service.list(top?.folderId ?? "");
    await rm(path.join(root, "project"), { recursive: true });
    await symlink(path.join(base, "secret"), path.join(root, "project"));
    await expect(service.resolve(children[0]?.folderId ?? "")).rejects.toMatchObject({ code: "not-found" });
  });

  it("opens what the user chose in the native dialog, wherever it is", async () => {
    const chosen = path.join(base, "secret");
    const shell: ShellBridge = {
      ...noShell({ download: false }),
      capabilities: {
        nativeFolderDialog: true,
        saveDialog: true,
        revealInFolder: true,
        download: false,
        printToPdf: false,
        dropPaths: false,
      },
      chooseFolder: () => Promise.resolve(chosen),
    };
    const service = folders(shell);
    const folder = await service.choose();
    expect(await service.resolve(folder?.folderId ?? "")).toBe(chosen);
    await expect(folders().choose()).rejects.toMatchObject({ code: "unsupported" });
  });
});

describe("what is dropped on the window", () => {
  it("is told with ids: of many things the folder, else the file that is good for most", async () => {
    const service = new Folders({ allowedRoots: "anywhere", shell: noShell({ download: false }) });
    const ended = new AbortController();
    const heard: Dropped[] = [];
    const listening = (async () => {
      for await (const dropped of service.dropped({ signal: ended.signal })) {
        heard.push(dropped);
      }
    })();
    const file = async (name: string): Promise<string> => {
      await writeFile(path.join(base, "secret", name), "{}");
      return path.join(base, "secret", name);
    };
    // A shapefile comes with its parts.
    const parts = [await file("fields.dbf"), await file("fields.shp"), await file("fields.prj")];
    await service.takeDropped(parts);
    await expect.poll(() => heard.length).toBe(1);
    const [shape] = heard.splice(0);
    expect(shape).toMatchObject({
      kind: "file",
      file: { name: "fields.shp", bytes: 2 },
      purposes: ["polygons"],
    });
    expect(shape?.kind === "file" ? await service.resolveFile(shape.file.fileId) : null).toBe(parts[1]);
    // A project's file stands for its folder.
    await service.takeDropped([await file("notes.txt"), await file("orthomask.json")]);
    await expect.poll(() => heard.length).toBe(1);
    const [project] = heard.splice(0);
    expect(project).toMatchObject({ kind: "folder", folder: { name: "secret" } });
    expect(project?.kind === "folder" ? await service.resolve(project.folder.folderId) : null).toBe(
      path.join(base, "secret"),
    );
    await service.takeDropped([await file("notes.txt")]);
    await expect.poll(() => heard).toMatchObject([{ kind: "file", purposes: [] }]);
    await expect(service.takeDropped([path.join(base, "gone.shp")])).rejects.toMatchObject({
      code: "not-found",
    });
    ended.abort();
    await listening;
  });
});

it("tells a folder below from one whose name only begins alike", () => {
  expect(isBelow("/a/b", "/a/b")).toBe(true);
  expect(isBelow("/a/b/..c", "/a/b")).toBe(true);
  expect(isBelow("/a/bc", "/a/b")).toBe(false);
  expect(isBelow("/a", "/a/b")).toBe(false);
  expect(isBelow("/a", "/")).toBe(true);
});
