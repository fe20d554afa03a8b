import { fork } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { MessageChannel } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import { probeContract } from "../../fixtures/rpc/probe-contract.ts";
import type { ProbeContract } from "../../fixtures/rpc/probe-contract.ts";
import { createProbe, show } from "../../fixtures/rpc/probe-implementation.ts";
import { buildForNode } from "../../fixtures/rpc/build-for-node.ts";
import { connectContract } from "./client.ts";
import type { Client } from "./contract.ts";
import type { MessagePortLike } from "./port.ts";
import { inMemoryPortPair } from "./ports/in-memory-port.ts";
import { processPort } from "./ports/process-port.ts";
import { webMessagePort } from "./ports/web-message-port.ts";
import { webSocketPort } from "./ports/web-socket-port.ts";
import { serveContract } from "./server.ts";

/** A connection to a probe whose other end can be lost. */
interface Line {
  readonly port: MessagePortLike;
  /** Ends the host's side in the hardest way the transport has. */
  loseHost(): void;
}

interface Transport {
  readonly name: string;
  connect(): Promise<Line>;
  close?(): Promise<void>;
}

function serveProbe(port: MessagePortLike): void {
  serveContract(probeContract, createProbe(), port);
}

function inMemory(): Transport {
  return {
    name: "in memory",
    connect: () => {
      const [ours, theirs] = inMemoryPortPair();
      serveProbe(theirs);
      return Promise.resolve({
        port: ours,
        loseHost: () => {
          theirs.close();
        },
      });
    },
  };
}

function messageChannel(): Transport {
  return {
    name: "MessageChannel",
    connect: () => {
      const { port1, port2 } = new MessageChannel();
      serveProbe(webMessagePort(port2));
      return Promise.resolve({
        port: webMessagePort(port1),
        loseHost: () => {
          port2.close();
        },
      });
    },
  };
}

function childProcess(): Transport {
  let built: Promise<{ directory: string; script: string }> | null = null;
  async function buildChild(): Promise<{ directory: string; script: string }> {
    const directory = await mkdtemp(path.join(tmpdir(), "orthomask-transports-"));
    const entry = fileURLToPath(new URL("../../fixtures/rpc/probe-child.ts", import.meta.url));
    return { directory, script: await buildForNode(entry, directory) };
  }
  return {
    name: "child process",
    connect: async () => {
      built ??= buildChild();
      const child = fork((await built).script, { serialization: "advanced", execArgv: [] });
      return {
        port: processPort(child),
        loseHost: () => {
          child.kill("SIGKILL");
        },
      };
    },
    close: async () => {
      if (built !== null) {
        await rm((await built).directory, { recursive: true });
      }
    },
  };
}

function webSocket(): Transport {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  server.on("connection", (socket) => {
    serveProbe(webSocketPort(socket));
  });
  return {
    name: "WebSocket",
    connect: async () => {
      if (!http.listening) {
        await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
      }
      const socket = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/`);
      await new Promise((resolve, reject) => {
        socket.once("open", resolve);
        socket.once("error", reject);
      });
      return {
        port: webSocketPort(socket),
        loseHost: () => {
          for (const accepted of server.clients) {
            accepted.terminate();
          }
        },
      };
    },
    close: async () => {
      server.close();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

const bigBytes = new Uint8Array(1024 * 1024).map((_, index) => (index * 7) & 255);

/** Every kind of value that the contract may use, with what tends to get lost on the way. */
const values: Record<string, unknown> = {
  nothing: undefined,
  null: null,
  "an undefined field": { present: undefined, other: 1 },
  "undefined in an array": [1, undefined, 3],
  "numbers at the edges": [NaN, Infinity, -Infinity, -0, 0, 2 ** 53 - 1, -(2 ** 31), 1e-320, 0.1],
  "a bigint": 2n ** 70n,
  text: ["", "zażółć", "🛰", "\u0000"],
  "nested objects": { a: [{ b: { c: [[], {}] } }], "": "empty key" },
  bytes: { data: new Uint8Array([0, 1, 254, 255]) },
  "no bytes": new Uint8Array(0),
  "a view into bytes": bigBytes.subarray(5, 9),
  "floats at an odd offset": {
    tag: "x",
    data: new Float32Array(new Float32Array([9, -0, NaN, 1.5, Infinity]).buffer, 4, 3),
  },
  doubles: new Float64Array([0.1, -0, 1e300]),
  "small integers": [
    new Int8Array([-1]),
    new Uint16Array([65535]),
    new Uint8ClampedArray([255]),
    new Int32Array(2),
  ],
  "big integers": new BigUint64Array([2n ** 63n]),
  "a date": new Date(Date.UTC(2024, 1, 29, 12, 0, 0, 123)),
  "a map": new Map<unknown, unknown>([
    ["a", undefined],
    [2, new Map([[-0, new Uint8Array([1])]])],
  ]),
  "a set": new Set([1, "1", undefined]),
  "a reserved key": { constructor: 1, toString: "x" },
};

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await condition()) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("Waited 2 s in vain.");
}

/** Long enough for a host that doesn't stop by itself to be caught at it. */
function aWhile(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60));
}

const negativeMessages = z
  .array(z.strictObject({ name: z.string(), message: z.unknown(), answer: z.string() }))
  .parse(
    JSON.parse(
      await readFile(new URL("../../fixtures/negative/rpc-client-messages.json", import.meta.url), "utf8"),
    ),
  );

describe.each([inMemory(), messageChannel(), childProcess(), webSocket()])("$name", (transport) => {
  let line: Line;
  let client: Client<ProbeContract>;

  beforeAll(async () => {
    // Builds and listens where the transport needs that, so that no test's time is spent on it.
    (await transport.connect()).port.close();
  }, 60_000);
  beforeEach(async () => {
    line = await transport.connect();
    client = connectContract(probeContract, line.port);
  });
  afterEach(() => {
    line.port.close();
  });
  afterAll(async () => {
    await transport.close?.();
  });

  test.each(Object.entries(values))("carries %s both ways", async (_, value) => {
    expect(await client.values.inspect(value)).toBe(show(value));
    expect(await client.values.echo(value)).toStrictEqual(value);
  });

  test("carries a megabyte", async () => {
    const echoed = await client.values.echo({ data: bigBytes });
    expect(Buffer.compare((echoed as { data: Uint8Array }).data, bigBytes)).toBe(0);
  });

  test("gives received floats a buffer they are aligned in", async () => {
    const echoed = (await client.values.echo([1, new Float32Array([1, 2])])) as [number, Float32Array];
    expect(new Float64Array(echoed[1].buffer, echoed[1].byteOffset, 1)).toHaveLength(1);
  });

  test("rejects what can't be sent, either way", async () => {
    await expect(client.values.echo({ callback: () => undefined })).rejects.toMatchObject({
      code: "invalid-input",
    });
    await expect(client.values.unsendable()).rejects.toMatchObject({ code: "internal" });
    expect(await client.calls.add({ a: 1 })).toBe(2);
  });

  test("parses inputs and fills defaults at the host", async () => {
    expect(await client.calls.add({ a: 41 })).toBe(42);
    await expect(client.calls.add({ a: "1" } as never)).rejects.toMatchObject({
      name: "RpcError",
      code: "invalid-input",
      message: expect.stringContaining("calls.add") as string,
    });
  });

  test("keeps an error's code when it is of the list, and says internal otherwise", async () => {
    await expect(client.calls.fail({ code: "out-of-memory", message: "too big" })).rejects.toMatchObject({
      code: "out-of-memory",
      message: "too big",
    });
    await expect(client.calls.fail({ code: "EIO", message: "disk" })).rejects.toMatchObject({
      code: "internal",
      message: "disk",
    });
  });

  test("answers many calls in flight at once, each with its own", async () => {
    const sums = await Promise.all(Array.from({ length: 200 }, (_, a) => client.calls.add({ a, b: 1000 })));
    expect(sums).toStrictEqual(Array.from({ length: 200 }, (_, a) => a + 1000));
  });

  test("cancels a call at the host", async () => {
    const controller = new AbortController();
    const hanging = client.calls.hang(undefined, { signal: controller.signal });
    await client.calls.counters();
    controller.abort();
    await expect(hanging).rejects.toMatchObject({ code: "cancelled" });
    await until(async () => (await client.calls.counters()).aborted === 1);
  });

  test("sends nothing for a call that was cancelled before", async () => {
    await expect(client.calls.hang(undefined, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
    expect((await client.calls.counters()).aborted).toBe(0);
  });

  test("streams in order to the end", async () => {
    const items: number[] = [];
    for await (const item of client.streams.count({ to: 500 })) {
      items.push(item);
    }
    expect(items).toStrictEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    expect((await client.calls.counters()).finished).toBe(1);
  });

  test("is never more than the window ahead of a slow reader", async () => {
    const iterator = client.streams.count({ to: 1000 })[Symbol.asyncIterator]();
    for (let taken = 1; taken <= 3; taken += 1) {
      expect((await iterator.next()).value).toBe(taken);
      await aWhile();
      expect((await client.calls.counters()).produced).toBe(taken + 4);
    }
    await iterator.return?.();
  });

  test("runs the host's finally when the loop is left", async () => {
    for await (const item of client.streams.count({ to: 1_000_000 })) {
      if (item === 10) {
        break;
      }
    }
    await until(async () => (await client.calls.counters()).finished === 1);
    expect((await client.calls.counters()).produced).toBeLessThan(20);
  });

  test("ends a stream that waits when its signal aborts", async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const item of client.streams.quiet(undefined, { signal: controller.signal })) {
        seen.push(item);
        setTimeout(() => {
          controller.abort();
        }, 20);
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "cancelled" });
    expect(seen).toStrictEqual(["first"]);
    await until(async () => (await client.calls.counters()).finished === 1);
  });

  test("leaves a stream that waits without waiting for it", async () => {
    const iterator = client.streams.quiet()[Symbol.asyncIterator]();
    await iterator.next();
    const waiting = iterator.next();
    await iterator.return?.();
    expect(await waiting).toStrictEqual({ done: true, value: undefined });
    await until(async () => (await client.calls.counters()).finished === 1);
  });

  test("delivers the items before a stream's error, then the error", async () => {
    const items: number[] = [];
    const reading = (async () => {
      for await (const item of client.streams.failAfter({ items: 6 })) {
        items.push(item);
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "internal", message: "the tape ends here" });
    expect(items).toStrictEqual([1, 2, 3, 4, 5, 6]);
  });

  test("rejects everything in flight with disconnected when the host is lost", async () => {
    const iterator = client.streams.quiet()[Symbol.asyncIterator]();
    await iterator.next();
    const waiting = [client.calls.hang(), iterator.next()];
    line.loseHost();
    for (const promise of waiting) {
      await expect(promise).rejects.toMatchObject({ code: "disconnected" });
    }
    await expect(client.calls.add({ a: 1 })).rejects.toMatchObject({ code: "disconnected" });
    const late = client.streams.count({ to: 1 })[Symbol.asyncIterator]();
    await expect(late.next()).rejects.toMatchObject({ code: "disconnected" });
  });

  test("rejects what is in flight when we close", async () => {
    const hanging = client.calls.hang();
    line.port.close();
    await expect(hanging).rejects.toMatchObject({ code: "disconnected" });
  });

  test.each(negativeMessages)("survives $name", async ({ message, answer }) => {
    const answers: unknown[] = [];
    line.port.onMessage((received) => answers.push(received));
    line.port.post(message);
    const { id } = z.object({ id: z.unknown() }).catch({ id: undefined }).parse(message);
    // Answers come in order, so the answer to a call after it comes last.
    expect(await client.calls.add({ a: 1 })).toBe(2);
    const own = answers.filter((received) => (received as { id: unknown }).id === id);
    expect(own.map((received) => (received as { code: unknown }).code)).toStrictEqual(
      answer === "none" ? [] : [answer],
    );
  });
});

test.each([
  { name: "a byte MessagePack never uses", frame: new Uint8Array([0xc1]) },
  {
    name: "an array of 4 billion items that aren't there",
    frame: new Uint8Array([0xdd, 255, 255, 255, 255]),
  },
  { name: "a text frame", frame: "text" },
])("a WebSocket closes as invalid after $name", async ({ frame }) => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket) => {
    serveProbe(webSocketPort(socket));
  });
  await new Promise((resolve) => server.once("listening", resolve));
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await new Promise((resolve) => socket.once("open", resolve));
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  // Straight to the socket: a port of ours can't write such a frame.
  socket.send(frame);
  expect(await closed).toBe(1007);
  server.close();
});
