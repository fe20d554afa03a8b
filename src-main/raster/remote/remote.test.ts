import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openHttpSource } from "./http-source.ts";
import { isPublicAddress, RefusedAddress } from "./remote-access.ts";
import { requestRange } from "./request-range.ts";
import {
  configureRaster,
  createGeoTiffWriter,
  crsFromEpsg,
  geoTagsFor,
  openRaster,
  RasterError,
} from "../index.ts";

const fixtures = join(import.meta.dirname, "../../../fixtures/rasters");
type Answer = (request: IncomingMessage, response: ServerResponse, file: Buffer) => void;

let server: Server;
let base: string;
let folder: string;
let requests: string[] = [];
let answer: Answer;

/** The bytes that a request asks for, of those that there are. */
function rangeIn(request: IncomingMessage, file: Buffer): { readonly start: number; readonly end: number } {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  return { start: Number(range?.[1]), end: Math.min(Number(range?.[2]), file.length - 1) };
}

function rangeOf(request: IncomingMessage, file: Buffer): string {
  const { start, end } = rangeIn(request, file);
  return `bytes ${start}-${end}/${file.length}`;
}

/** A server of files that answers one range a request, as any object store does. */
const withRanges: Answer = (request, response, file) => {
  const { start, end } = rangeIn(request, file);
  response.writeHead(206, { "content-range": rangeOf(request, file), etag: '"one"' });
  response.end(file.subarray(start, end + 1));
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orthomask-remote-"));
  server = createServer((request, response) => {
    requests.push(request.headers.range ?? "whole");
    readFile(join(fixtures, (request.url ?? "").replace(/^\/|\?.*$/g, ""))).then(
      (file) => {
        answer(request, response, file);
      },
      () => {
        response.writeHead(404).end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  requests = [];
  answer = withRanges;
});

async function pixelsOf(path: string): Promise<unknown> {
  const raster = await openRaster(path);
  try {
    const { width, height } = raster.description;
    return {
      description: raster.description,
      pixels: await raster.readWindow({ pixelWindow: { x: 0, y: 0, width, height }, bands: [0] }),
    };
  } finally {
    await raster.close();
  }
}

async function failure(path: string): Promise<string> {
  const error = await pixelsOf(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RasterError);
  return (error as RasterError).message;
}

describe("files on a server", () => {
  test("reading that is given up ends at once with the abort's reason and closes its connection; others who want the same get it", async () => {
    // Larger than the page that opening it fetches.
    const path = join(folder, "large.tif");
    const size = { width: 512, height: 512 };
    const writer = await createGeoTiffWriter(path, {
      ...size,
      ...{ bands: 1, dtype: "uint8", compression: "none", tileSize: 128 },
      geoTags: geoTagsFor([1, 0, 0, 0, -1, 0], crsFromEpsg(32633)),
    });
    for (let index = 0; index < 16; index += 1) {
      const samples = Uint8Array.from({ length: 128 * 128 }, (_, at) => (at * (index + 3)) % 251);
      await writer.writeTile(index % 4, Math.floor(index / 4), samples);
    }
    await writer.finish();
    const large = await readFile(path);
    const wholly: Answer = (request, response) => {
      withRanges(request, response, large);
    };
    answer = wholly;
    const raster = await openRaster(`${base}/mask.tif?large`);
    const read = (signal?: AbortSignal): ReturnType<typeof raster.readWindow> =>
      raster.readWindow({ pixelWindow: { x: 0, y: 0, ...size }, bands: [0] }, { signal });
    let asked = (): void => undefined;
    let closed = (): void => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    // Headers come, pixels never do.
    answer = (request, response) => {
      response.on("close", closed);
      response.writeHead(206, { "content-range": rangeOf(request, large), etag: '"one"' }).flushHeaders();
      asked();
    };
    const controller = new AbortController();
    const given = read(controller.signal);
    await isAsked;
    const reason = new Error("no longer wanted");
    controller.abort(reason);
    await expect(given).rejects.toBe(reason);
    await isClosed;

    answer = wholly;
    const second = new AbortController();
    const [first, other] = [read(second.signal), read()];
    second.abort(reason);
    await expect(first).rejects.toBe(reason);
    const local = await openRaster(path);
    const { data } = await local.readWindow({ pixelWindow: { x: 0, y: 0, ...size }, bands: [0] });
    await local.close();
    expect(Buffer.from((await other).data as Uint8Array).equals(data as Uint8Array)).toBe(true);
    await raster.close();
  });

  test.each(["overviews", "mask", "jpeg-ycbcr", "bigtiff", "deflate-strips-pixel"])(
    "%s reads as from the disk, in few requests",
    async (name) => {
      expect(await pixelsOf(`${base}/${name}.tif`)).toEqual(await pixelsOf(join(fixtures, `${name}.tif`)));
      expect(requests.length).toBeLessThan(12);
      expect(requests).not.toContain("whole");
    },
  );

  test("a link file stands for its address", async () => {
    const here = await pixelsOf(join(fixtures, "overviews.tif"));
    const link = join(folder, "there.url");
    await writeFile(link, `[InternetShortcut]\r\nURL=${base}/overviews.tif?token=secret\r\n`);
    expect(await pixelsOf(link)).toEqual(here);
    await writeFile(link, `${base}/overviews.tif\n`);
    expect(await pixelsOf(link)).toEqual(here);
    await writeFile(link, "[InternetShortcut]\nURL=file:///etc/passwd\n");
    expect(await failure(link)).toMatch(/there\.url: expected an address that begins with http/);
  });

  test("what goes wrong is said, without what may be secret in the address", async () => {
    const missing = await failure(`${base}/nothing.tif?token=secret`);
    expect(missing).toMatch(/^nothing\.tif: there is no such file \(127\.0\.0\.1:\d+ answers 404\)$/);
    answer = (_request, response, file) => {
      response.writeHead(200).end(file);
    };
    expect(await failure(`${base}/overviews.tif`)).toMatch(
      /overviews\.tif: unsupported: .* only whole files/,
    );
    answer = (_request, response) => {
      response.writeHead(503).end();
    };
    requests = [];
    expect(await failure(`${base}/overviews.tif`)).toMatch(/the server answers 503 \(tried 3 times\)/);
    expect(requests).toHaveLength(3);
    expect(await failure("http://127.0.0.1:1/x.tif")).toMatch(
      /x\.tif: it can't be fetched from 127\.0\.0\.1/,
    );
  });

  test("one failure in passing is not noticed", async () => {
    let failures = 1;
    answer = (request, response, file) => {
      if (failures > 0) {
        failures -= 1;
        response.destroy();
      } else {
        withRanges(request, response, file);
      }
    };
    await pixelsOf(`${base}/overviews.tif`);
  });

  test("a server that answers less than was asked for is an error, not black pixels", async () => {
    answer = (_request, response, file) => {
      response.writeHead(206, { "content-range": `bytes 0-99/${file.length}` });
      response.end(file.subarray(0, 100));
    };
    expect(await failure(`${base}/overviews.tif`)).toMatch(
      /overviews\.tif: the server sent 100 bytes where \d+ were asked for/,
    );
  });

  test("a file replaced while it is read is an error, not a mixture", async () => {
    answer = (request, response, file) => {
      withRanges(request, response, Buffer.concat([file, Buffer.alloc(200_000)]));
    };
    const source = await openHttpSource(`${base}/overviews.tif`);
    expect(await source.read(150_000, 10)).toEqual(new Uint8Array(10));
    expect(await source.read(20_000, 170_000)).toHaveLength(170_000);
    answer = (_request, response) => {
      response.writeHead(206, { "content-range": "bytes 65536-131071/300000", etag: '"two"' });
      response.end(Buffer.alloc(65_536));
    };
    await expect(source.read(100_000, 10)).rejects.toThrow(
      /overviews\.tif: the file on the server was replaced/,
    );
    await source.close();
  });

  test("a host that asks public servers only connects to nothing else, whatever a name or a redirection says", async () => {
    configureRaster({ remote: "public" });
    try {
      const { port } = new URL(base);
      for (const host of ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0.0.0.0"]) {
        expect(await failure(`http://${host}:${port}/overviews.tif`)).toMatch(
          /overviews\.tif: .* is on a private network or this machine/,
        );
      }
      expect(requests).toEqual([]);
    } finally {
      configureRaster({ remote: "any" });
    }
    // A rule under which the first server may be asked, and the one it sends us on to may not.
    const onlyFirst = (address: string): boolean => address === "127.0.0.1";
    const range = { offset: 0, length: 10 };
    const signal = AbortSignal.timeout(10_000);
    for (const host of ["127.0.0.2", "[::1]"]) {
      answer = (_request, response) => {
        response.writeHead(302, { location: `http://${host}:${new URL(base).port}/mask.tif` }).end();
      };
      requests = [];
      await expect(
        requestRange(new URL(`${base}/overviews.tif`), range, onlyFirst, signal),
      ).rejects.toBeInstanceOf(RefusedAddress);
      expect(requests).toHaveLength(1);
    }
  });

  test("a redirection is followed, but not in circles", async () => {
    const here = await pixelsOf(join(fixtures, "mask.tif"));
    answer = (request, response, file) => {
      if (request.url === "/overviews.tif") {
        response.writeHead(307, { location: "/mask.tif" }).end();
      } else {
        withRanges(request, response, file);
      }
    };
    expect(await pixelsOf(`${base}/overviews.tif`)).toEqual(here);
    answer = (_request, response) => {
      response.writeHead(302, { location: "/overviews.tif" }).end();
    };
    expect(await failure(`${base}/overviews.tif`)).toMatch(/sends us on more than 5 times/);
  });

  test("a host that refuses other servers asks none", async () => {
    configureRaster({ remote: "none" });
    try {
      expect(await failure(`${base}/overviews.tif`)).toMatch(/not opened here/);
      expect(requests).toEqual([]);
    } finally {
      configureRaster({ remote: "any" });
    }
  });
});

test.each([
  ["8.8.8.8", true],
  ["172.15.255.255", true],
  ["172.16.0.1", false],
  ["10.1.2.3", false],
  ["169.254.169.254", false],
  ["100.100.100.200", false],
  ["224.0.0.1", false],
  ["2606:4700::1111", true],
  ["fe80::1", false],
  ["fd00::1", false],
  ["::", false],
  ["::ffff:8.8.8.8", false],
  ["64:ff9b::7f00:1", false],
  ["2002:7f00:1::", false],
  ["localhost", false],
])("%s is public: %s", (address, expected) => {
  expect(isPublicAddress(address)).toBe(expected);
});
