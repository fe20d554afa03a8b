import { processPort } from "#shared/rpc/ports/process-port.ts";
import { serveContract } from "#shared/rpc/server.ts";
import { createEngine } from "./engine.ts";
import { loadTensorFlow } from "./load-tensorflow.ts";
import { engineContract } from "./port.ts";

/** The engine's process: forked by the host with an IPC channel, and gone with it. */
const port = processPort(process);
serveContract(engineContract, createEngine(loadTensorFlow), port, {
  onInternalError: (error, service, method) => {
    console.error(`${service}.${method}:`, error);
  },
});
// Ctrl+C in a terminal reaches the whole group: it is the host that ends us, once it has saved what was learned.
process.on("SIGINT", () => undefined);
port.onClose(() => {
  process.exit(0);
});
