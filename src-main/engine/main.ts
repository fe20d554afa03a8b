import { serveContract } from "#shared/rpc/server.ts";
import { connectHost } from "./connect-host.ts";
import { createEngine } from "./engine.ts";
import { loadTensorFlow } from "./load-tensorflow.ts";
import { engineContract } from "./port.ts";

/** The engine's process: it serves one host, and is gone with it. */
connectHost((port) => {
  serveContract(engineContract, createEngine(loadTensorFlow), port, {
    onInternalError: (error, service, method) => {
      console.error(`${service}.${method}:`, error);
    },
  });
  port.onClose(() => {
    process.exit(0);
  });
});
// Ctrl+C in a terminal, or a system that shuts down, reaches the whole group: it is the host that ends us, once it has saved what was learned.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => undefined);
}
