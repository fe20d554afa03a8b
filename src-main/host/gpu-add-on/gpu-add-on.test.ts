import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cudaWheels } from "../../../scripts/setup/nvidia.mjs";
import { findPython } from "../../../scripts/setup/places.mjs";
import { downloadFile } from "./download-file.ts";
import { GpuAddOn } from "./index.ts";
import pinned from "./wheels.json" with { type: "json" };

let directory: string;
let server: Server;
let origin: string;
/** Files by path; how many bytes of one are sent before the connection is cut, while it has such a number. */
let files: Map<string, Buffer>;
let cuts: Map<string, number[]>;
let requests: { readonly method: string; readonly url: string; readonly range: string | null }[];
const signal = new AbortController().signal;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "orthomask-gpu-"));
  files = new Map();
  cuts = new Map();
  requests = [];
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = String(request.url);
  const range = request.headers.range ?? null;
  requests.push({ method: String(request.method), url, range });
  const data = files.get(url);
  if (data === undefined) {
    response.writeHead(404).end();
    return;
  }
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
  if (start >= data.length && data.length > 0) {
    response.writeHead(416).end();
    return;
  }
  const type = url.endsWith("/") ? "text/html" : "application/octet-stream";
  response.writeHead(range === null ? 200 : 206, {
    "Content-Type": type,
    "Content-Length": data.length - start,
    ...(range === null ? {} : { "Content-Range": `bytes ${start}-${data.length - 1}/${data.length}` }),
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  const cut = cuts.get(url)?.shift();
  if (cut === undefined) {
    response.end(data.subarray(start));
  } else {
    response.write(data.subarray(start, cut), () => {
      setTimeout(() => response.destroy(), 20);
    });
  }
}

const sha256 = (data: Buffer): string => createHash("sha256").update(data).digest("hex");
const noise = (bytes: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => (index * index * 31) >>> 5));

describe("a download", () => {
  const data = noise(300_000);

  test("that is cut off twice goes on where it ended, and is whole", async () => {
    files.set("/file", data);
    cuts.set("/file", [100_000, 200_000]);
    const target = path.join(directory, "file");
    const seen: number[] = [];
    await downloadFile(`${origin}/file`, target, {
      sha256: sha256(data),
      onProgress: (bytes) => seen.push(bytes),
      pauses: [1, 1],
      signal,
    });
    expect((await readFile(target)).equals(data)).toBe(true);
    expect(requests.map(({ range }) => range)).toStrictEqual([null, "bytes=100000-", "bytes=200000-"]);
    expect(seen).toStrictEqual(seen.toSorted((a, b) => a - b));
    expect(await readdir(directory)).toStrictEqual(["file"]);
  });

  test("that fails every time keeps what is there for the next time", async () => {
    files.set("/file", data);
    cuts.set("/file", [100_000, 200_000]);
    const target = path.join(directory, "file");
    const options = { sha256: sha256(data), onProgress: () => undefined, signal };
    await expect(downloadFile(`${origin}/file`, target, { ...options, pauses: [1] })).rejects.toMatchObject({
      code: "disconnected",
    });
    expect((await stat(`${target}.part`)).size).toBe(200_000);
    // Another start of the app.
    await downloadFile(`${origin}/file`, target, options);
    expect(requests.at(-1)?.range).toBe("bytes=200000-");
    expect((await readFile(target)).equals(data)).toBe(true);
  });

  test("of another file than the expected one is refused and removed", async () => {
    const forged = Buffer.from(data);
    forged[123_456] = (forged[123_456] ?? 0) ^ 1;
    files.set("/file", forged);
    const target = path.join(directory, "file");
    await expect(
      downloadFile(`${origin}/file`, target, { sha256: sha256(data), onProgress: () => undefined, signal }),
    ).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining(sha256(forged)) as string });
    expect(await readdir(directory)).toStrictEqual([]);
  });

  test("stops when it is told to, and what is there stays", async () => {
    files.set("/file", data);
    cuts.set("/file", [100_000]);
    const target = path.join(directory, "file");
    const controller = new AbortController();
    const stopped = downloadFile(`${origin}/file`, target, {
      sha256: sha256(data),
      onProgress: (bytes) => {
        if (bytes >= 50_000) {
          controller.abort(new Error("enough"));
        }
      },
      pauses: [60_000],
      signal: controller.signal,
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(existsSync(target)).toBe(false);
    expect((await stat(`${target}.part`)).size).toBeGreaterThan(0);
  });
});

const python = findPython();

/** A wheel as Python's own zipfile packs it: an independent writer for our reader. */
async function makeWheel(name: string, contents: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const file = path.join(directory, `${name}.whl`);
  const script = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as wheel:
    for index, (name, text) in enumerate(json.loads(sys.argv[2]).items()):
        kind = zipfile.ZIP_STORED if index % 2 else zipfile.ZIP_DEFLATED
        wheel.writestr(name, bytes.fromhex(text), kind)
`;
  const hex = Object.fromEntries(
    Object.entries(contents).map(([key, value]) => [key, value.toString("hex")]),
  );
  await promisify(execFile)(String(python), ["-c", script, file, JSON.stringify(hex)]);
  const data = await readFile(file);
  await rm(file);
  return data;
}

describe.skipIf(python === null)("the add-on", () => {
  const library = noise(20_000);

  async function publish(): Promise<GpuAddOn> {
    const tensorflow = await makeWheel("tensorflow", {
      "tensorflow/libtensorflow_cc.so.2": library,
      "tensorflow/python/large.so": noise(5000),
      "tensorflow/include/header.h": Buffer.from("x"),
    });
    const cublas = await makeWheel("cublas", {
      "nvidia/cublas/lib/libcublas.so.12": noise(9000),
      "nvidia/__init__.py": Buffer.alloc(0),
    });
    files.set("/tf.whl", tensorflow);
    files.set(
      "/simple/tensorflow/",
      Buffer.from(
        `<a href="/old.whl#sha256=00">old</a> <a href="/tf.whl#sha256=${sha256(tensorflow)}">tf</a>`,
      ),
    );
    files.set("/cublas.whl", cublas);
    files.set(
      "/simple/nvidia-cublas/",
      Buffer.from(`<a class="x" href="../../cublas.whl#sha256=${sha256(cublas)}">cublas</a>`),
    );
    const bindingPath = path.join(directory, "binding.node");
    await writeFile(bindingPath, "binding");
    return new GpuAddOn(directory, {
      obstacle: () => null,
      source: {
        tensorflow: { name: "tensorflow", version: "1.2.3", sha256: sha256(tensorflow) },
        nvidia: [{ name: "nvidia-cublas", version: "12", sha256: sha256(cublas) }],
        index: `${origin}/simple`,
        bindingPath,
      },
    });
  }

  test("is fetched, checked and unpacked as the libraries look for each other, and nothing else of it", async () => {
    const addOn = await publish();
    expect(addOn.state()).toStrictEqual({ kind: "absent", downloadedBytes: 0 });
    expect(addOn.bindingPath()).toBeNull();
    const shares: number[] = [];
    await addOn.install({ signal, onProgress: (share) => shares.push(share) });
    expect(shares.at(-1)).toBe(1);
    expect(addOn.state()).toStrictEqual({ kind: "installed", displayPath: addOn.directory });
    expect(addOn.bindingPath()).toBe(path.join(addOn.directory, "tfjs_binding.node"));
    expect((await readFile(path.join(addOn.directory, "lib/libtensorflow_cc.so.2"))).equals(library)).toBe(
      true,
    );
    expect(
      (await readFile(path.join(addOn.directory, "nvidia/cublas/lib/libcublas.so.12"))).equals(noise(9000)),
    ).toBe(true);
    expect((await readdir(addOn.directory)).filter((name) => !name.startsWith(".")).sort()).toStrictEqual([
      "lib",
      "nvidia",
      "tfjs_binding.node",
    ]);
    expect(await readdir(path.join(addOn.directory, "lib"))).toStrictEqual(["libtensorflow_cc.so.2"]);
    await addOn.remove();
    expect(addOn.state().kind).toBe("absent");
  });

  test("that is removed while it is fetched is gone, and nothing comes after", async () => {
    const addOn = await publish();
    const order: string[] = [];
    let removing: Promise<void> | undefined;
    const installing = addOn.install({
      signal,
      onProgress: () => {
        removing ??= addOn.remove().then(() => {
          order.push("removed");
        });
      },
    });
    await installing.catch(() => order.push("stopped"));
    await Promise.all([removing]);
    expect(order).toStrictEqual(["stopped", "removed"]);
    expect(await readdir(directory)).toStrictEqual(["binding.node"]);
    expect(addOn.state()).toStrictEqual({ kind: "absent", downloadedBytes: 0 });
  });

  test("goes on in another start of the app without what was done", async () => {
    const first = await publish();
    const cublas = files.get("/cublas.whl") ?? Buffer.alloc(0);
    files.delete("/cublas.whl");
    await expect(first.install({ signal })).rejects.toMatchObject({ code: "not-found" });
    expect(first.state().kind).toBe("failed");
    expect(first.bindingPath()).toBeNull();
    files.set("/cublas.whl", cublas);
    requests = [];
    await first.install({ signal });
    expect(requests.map(({ url }) => url)).not.toContain("/tf.whl");
    expect(first.state().kind).toBe("installed");
  });

  test("is refused when the index has another file, and where the machine can't use it", async () => {
    const addOn = await publish();
    files.set("/simple/tensorflow/", Buffer.from(`<a href="/tf.whl#sha256=${"0".repeat(64)}">tf</a>`));
    await expect(addOn.install({ signal })).rejects.toMatchObject({
      code: "not-found",
      message: expect.stringMatching(/has no file of tensorflow 1\.2\.3 with the expected sum/) as string,
    });
    const elsewhere = new GpuAddOn(directory, { obstacle: () => "There is no driver." });
    expect(elsewhere.state()).toStrictEqual({ kind: "unavailable", reason: "There is no driver." });
    await expect(elsewhere.install({ signal })).rejects.toMatchObject({ code: "unsupported" });
  });
});

test("a checkout's set-up takes the same wheels", () => {
  expect(cudaWheels.tensorflow).toStrictEqual(pinned.tensorflow);
  expect(cudaWheels.nvidia).toHaveLength(12);
});
