import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { MessageChannel } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { probeContract } from "../../fixtures/rpc/probe-contract.ts";
import { createProbe, show } from "../../fixtures/rpc/probe-implementation.ts";
import { transportCases, values } from "../../fixtures/rpc/transport-cases.ts";
import { buildForNode } from "../../fixtures/rpc/build-for-node.ts";
import { connectContract } from "./client.ts";
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

const shown = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, show(value)]));

// The desktop shell's own ports, in a real Electron: src-main/desktop/electron-transports.test.ts.
describe.each([inMemory(), messageChannel(), childProcess(), webSocket()])("$name", (transport) => {
  beforeAll(async () => {
    // Builds and listens where the transport needs that, so that no test's time is spent on it.
    (await transport.connect()).port.close();
  }, 60_000);
  afterAll(async () => {
    await transport.close?.();
  });

  test.each(transportCases)("$name", async ({ run }) => {
    const line = await transport.connect();
    const { port } = line;
    const loseHost = (): void => {
      line.loseHost();
    };
    try {
      await run({ client: connectContract(probeContract, port), port, loseHost, expect, shown });
    } finally {
      port.close();
    }
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
