import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { connectContract } from "#shared/rpc/client.ts";
import { webSocketPort } from "#shared/rpc/ports/web-socket-port.ts";
import { serveContract } from "#shared/rpc/server.ts";
import { probeContract } from "../../fixtures/rpc/probe-contract.ts";
import { createProbe } from "../../fixtures/rpc/probe-implementation.ts";
import { serveApp } from "./serve-app.ts";
import type { RunningServer } from "./serve-app.ts";

let directory: string;
let server: RunningServer;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "orthomask-serve-"));
  await mkdir(path.join(directory, "page/assets"), { recursive: true });
  await writeFile(path.join(directory, "page/index.html"), "<title>Orthomask</title>");
  await writeFile(path.join(directory, "page/assets/main-1.js"), "export {};");
  await writeFile(path.join(directory, "secret.json"), '"secret"');
  await writeFile(path.join(directory, "mask.tif"), "pixels");
});
afterAll(() => rm(directory, { recursive: true }));

beforeEach(async () => {
  const probe = createProbe();
  server = await serveApp({
    host: {
      connect: (port) => serveContract(probeContract, probe, port),
      resolveDownload: (id) =>
        id === "granted-1"
          ? { filePath: path.join(directory, "mask.tif"), fileName: 'Łąka "1".tif' }
          : id === "gone"
            ? { filePath: path.join(directory, "gone.tif"), fileName: "gone.tif" }
            : null,
    },
    pageDirectory: path.join(directory, "page"),
    listen: { host: "127.0.0.1", port: 0 },
  });
});
afterEach(() => server.close());

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request as written: `fetch` would tidy the path and set its own Host. */
function ask(
  target: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: "127.0.0.1", port: server.port, path: target, agent: false, ...options },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

async function signIn(): Promise<{ cookie: string }> {
  const { searchParams } = new URL(server.url);
  const reply = await ask(`/?token=${String(searchParams.get("token"))}`);
  const [cookie] = reply.headers["set-cookie"] ?? [];
  return { cookie: String(cookie?.split(";")[0]) };
}

/** The status an upgrade is answered with: 101 when it is accepted. */
function upgrade(headers: Record<string, string>, target = "/rpc"): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${target}`, { headers });
    socket.on("open", () => {
      socket.close();
      resolve(101);
    });
    socket.on("unexpected-response", (_, response) => {
      resolve(response.statusCode ?? 0);
    });
    socket.on("error", reject);
  });
}

describe("the token", () => {
  test("has 256 bits, is exchanged for a strict cookie and leaves the address", async () => {
    const token = String(new URL(server.url).searchParams.get("token"));
    expect(Buffer.from(token, "base64url")).toHaveLength(32);
    const reply = await ask(`/?token=${token}`);
    expect(reply.status).toBe(303);
    expect(reply.headers.location).toBe("/");
    const [cookie] = reply.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/^orthomask-session-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(cookie).not.toContain(token);
    expect((await ask("/", { headers: { cookie: `other=1; ${String(cookie).split(";")[0]}` } })).text).toBe(
      "<title>Orthomask</title>",
    );
  });

  test("differs from server to server", async () => {
    const first = server.url;
    await server.close();
    server = await serveApp({
      host: { connect: () => () => undefined, resolveDownload: () => null },
      pageDirectory: directory,
      listen: { host: "127.0.0.1", port: 0 },
    });
    expect(new URL(server.url).searchParams.get("token")).not.toBe(new URL(first).searchParams.get("token"));
  });

  test.each(["/", "/index.html", "/assets/main-1.js", "/download/granted-1", "/missing"])(
    "is needed for %s",
    async (target) => {
      const reply = await ask(target);
      expect(reply.status).toBe(401);
      expect(reply.text).not.toMatch(/Orthomask<|export|pixels/);
    },
  );

  test("does not open with a wrong cookie, nor with the token as cookie", async () => {
    const token = String(new URL(server.url).searchParams.get("token"));
    for (const value of ["", "x", token]) {
      const reply = await ask("/", { headers: { cookie: `orthomask-session-${server.port}=${value}` } });
      expect(reply.status).toBe(401);
    }
  });

  test("may be wrong ten times in a minute, then even the right one waits, but a session goes on", async () => {
    const headers = await signIn();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await ask(`/?token=guess${attempt}`)).status).toBe(401);
    }
    const right = new URL(server.url);
    const limited = await ask(right.pathname + right.search);
    expect(limited.status).toBe(429);
    expect(limited.headers["retry-after"]).toBe("60");
    expect((await ask("/", { headers })).status).toBe(200);
  });
});

describe("what is served", () => {
  test("is the page, under a policy without inline scripts or remote content", async () => {
    const headers = await signIn();
    for (const target of ["/", "/assets/main-1.js"]) {
      const reply = await ask(target, { headers });
      expect(reply.status).toBe(200);
      const policy = String(reply.headers["content-security-policy"]);
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(reply.headers["x-content-type-options"]).toBe("nosniff");
    }
  });

  test.each([
    "/../secret.json",
    "/..%2fsecret.json",
    "/%2e%2e/secret.json",
    "/assets/..%2f..%2fsecret.json",
    "/assets/..%5c..%5csecret.json",
    "//secret.json",
    "/%00",
    "/%E0%A4%A",
  ])("is nothing at %s", async (target) => {
    const reply = await ask(target, { headers: await signIn() });
    expect(reply.status).toBe(404);
    expect(reply.text).not.toContain("secret");
  });

  test("survives a path that is none", async () => {
    const socket = connectSocket(server.port, "127.0.0.1");
    const reply = await new Promise<string>((resolve) => {
      socket.once("data", (data) => {
        resolve(data.toString());
      });
      socket.write("GET [ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    });
    expect(reply).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await ask("/")).status).toBe(401);
  });

  test("takes no other method", async () => {
    const reply = await ask("/", { method: "POST", headers: await signIn() });
    expect(reply.status).toBe(405);
    expect(reply.headers.allow).toBe("GET, HEAD");
  });

  test("includes granted downloads under their own names, and no others", async () => {
    const headers = await signIn();
    const reply = await ask("/download/granted-1", { headers });
    expect(reply.status).toBe(200);
    expect(reply.text).toBe("pixels");
    expect(reply.headers["content-disposition"]).toBe(
      "attachment; filename=\"__ka__1_.tif\"; filename*=UTF-8''%C5%81%C4%85ka%20%221%22.tif",
    );
    const head = await ask("/download/granted-1", { method: "HEAD", headers });
    expect([head.headers["content-length"], head.text]).toStrictEqual(["6", ""]);
    for (const id of ["gone", "granted-2", "..%2fsecret.json", "granted-1/../../secret.json"]) {
      expect((await ask(`/download/${id}`, { headers })).status).toBe(404);
    }
  });
});

describe("requests from elsewhere", () => {
  test.each(["evil.example", "127.0.0.1.evil.example", "evil.example:80", "user@127.0.0.1", "127.0.0.1/x"])(
    "are refused when they ask for host %j",
    async (host) => {
      const reply = await ask("/", { headers: { ...(await signIn()), host } });
      expect(reply.status).toBeGreaterThanOrEqual(400);
      expect(reply.text).not.toContain("<title>");
    },
  );

  test("are answered through a tunnel with another port", async () => {
    const headers = { ...(await signIn()), host: "localhost:9000" };
    expect((await ask("/", { headers })).status).toBe(200);
    expect(await upgrade({ ...headers, origin: "http://localhost:9000" })).toBe(101);
  });

  test.each(["http://evil.example", "null", "http://127.0.0.1:1", "file://", "app://page"])(
    "are refused with origin %s, session or not",
    async (origin) => {
      const headers = { ...(await signIn()), origin };
      expect((await ask("/", { headers })).status).toBe(403);
      expect(await upgrade(headers)).toBe(403);
    },
  );

  test("lose their connection when they get no WebSocket, though they keep their end open", async () => {
    const socket = connectSocket({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    const ended = new Promise((resolve) => socket.once("end", resolve));
    const reset = new Promise((resolve) => socket.once("error", resolve));
    socket.resume();
    socket.write(
      `GET /rpc HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    await ended;
    const writing = setInterval(() => socket.write("still here"), 50);
    expect(await reset).toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) as string });
    clearInterval(writing);
    socket.destroy();
  });

  test("get no WebSocket without Origin, without session, or elsewhere", async () => {
    const session = await signIn();
    const origin = `http://127.0.0.1:${server.port}`;
    expect(await upgrade({ ...session, origin })).toBe(101);
    expect(await upgrade(session)).toBe(403);
    expect(await upgrade({ origin })).toBe(403);
    expect(await upgrade({ ...session, origin }, "/other")).toBe(404);
  });
});

describe("behind a proxy with TLS", () => {
  const headers = { host: "masks.example.org", "x-forwarded-for": "192.0.2.1" };

  beforeEach(async () => {
    await server.close();
    server = await serveApp({
      host: { connect: () => () => undefined, resolveDownload: () => null },
      pageDirectory: path.join(directory, "page"),
      listen: { host: "127.0.0.1", port: 0 },
      publicUrl: new URL("https://masks.example.org"),
    });
  });

  test("is known by the proxy's name, and its cookie goes by HTTPS alone", async () => {
    const { origin, search } = new URL(server.url);
    expect(origin).toBe("https://masks.example.org");
    const reply = await ask(`/${search}`, { headers });
    expect(reply.headers["set-cookie"]?.[0]).toMatch(/; HttpOnly; SameSite=Strict; Path=\/; Secure$/);
    const cookie = String(reply.headers["set-cookie"]?.[0]?.split(";")[0]);
    expect((await ask("/", { headers: { ...headers, cookie } })).status).toBe(200);
    expect(await upgrade({ ...headers, cookie, origin })).toBe(101);
    expect(await upgrade({ ...headers, cookie, origin: "https://evil.example" })).toBe(403);
    expect((await ask("/", { headers: { ...headers, cookie, host: "evil.example" } })).status).toBe(403);
  });

  test("counts wrong keys by who sent them to the proxy, whatever they say of themselves", async () => {
    const { search } = new URL(server.url);
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const forged = { ...headers, "x-forwarded-for": `10.0.0.${attempt}, 192.0.2.66` };
      expect((await ask("/?token=guess", { headers: forged })).status).toBe(401);
    }
    const again = { ...headers, "x-forwarded-for": "10.0.0.99, 192.0.2.66" };
    expect((await ask(`/${search}`, { headers: again })).status).toBe(429);
    expect((await ask(`/${search}`, { headers })).status).toBe(303);
  });
});

describe("what is sent", () => {
  test("has a limit in its headers", async () => {
    const reply = await ask("/", { headers: { ...(await signIn()), "x-long": "x".repeat(20_000) } });
    expect(reply.status).toBe(431);
  });

  test("is not read beyond them: a body ends the connection", async () => {
    const { cookie } = await signIn();
    const socket = connectSocket(server.port, "127.0.0.1");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    let reply = "";
    socket.on("data", (data) => {
      reply += data.toString();
    });
    socket.write(
      `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${cookie}\r\nContent-Length: 10000000000\r\n\r\n`,
    );
    await closed;
    expect(reply).toMatch(/^HTTP\/1\.1 405 /);
  });
});

describe("the WebSocket", () => {
  async function open(): Promise<WebSocket> {
    const headers = { ...(await signIn()), origin: `http://127.0.0.1:${server.port}` };
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/rpc`, { headers });
    await new Promise((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return socket;
  }

  test("carries the contract", async () => {
    const client = connectContract(probeContract, webSocketPort(await open()));
    expect(await client.calls.add({ a: 2, b: 3 })).toBe(5);
  });

  test("is closed by a message over the limit", async () => {
    const socket = await open();
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    socket.send(new Uint8Array(16 * 1024 * 1024 + 1));
    expect(await closed).toBe(1009);
  });

  test("is refused to the thirty-third page", async () => {
    const sockets = await Promise.all(Array.from({ length: 32 }, open));
    const headers = { ...(await signIn()), origin: `http://127.0.0.1:${server.port}` };
    expect(await upgrade(headers)).toBe(503);
    sockets[0]?.close();
    await expect.poll(() => upgrade(headers)).toBe(101);
  });

  test.each([
    ["a text frame", "{}"],
    ["bytes that are no MessagePack", new Uint8Array([0xc1])],
    ["a header that claims gigabytes", new Uint8Array([0xdd, 0xff, 0xff, 0xff, 0xff])],
  ])("is closed by %s", async (_, frame) => {
    const socket = await open();
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    socket.send(frame);
    expect(await closed).toBe(1007);
  });

  test("ends with the server, and what is in flight with it", async () => {
    const client = connectContract(probeContract, webSocketPort(await open()));
    await client.calls.counters();
    const hanging = client.calls.hang();
    const rejected = expect(hanging).rejects.toMatchObject({ code: "disconnected" });
    await server.close();
    await rejected;
  });
});
