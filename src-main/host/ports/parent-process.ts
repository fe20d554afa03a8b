import { processPort } from "#shared/rpc/ports/process-port.ts";
import { webMessagePort } from "#shared/rpc/ports/web-message-port.ts";
import type { WebMessagePort } from "#shared/rpc/ports/web-message-port.ts";
import type { MessagePortLike } from "#shared/rpc/port.ts";
import { Channels } from "./channels.ts";
import { PAGE_CHANNEL_PREFIX, enginePortMessageSchema } from "./shell-contract.ts";

/** The process that started this one, as the host talks to it. */
export interface ParentProcess {
  readonly channels: Channels;
  /** Takes the port of an engine that the parent has started; null where this process starts its engines itself. */
  readonly takeEnginePort: ((engineId: string) => MessagePortLike | null) | null;
  /** A page has been connected: directly in a utility process, relayed by the parent in a forked one. */
  onPage(listener: (port: MessagePortLike) => void): void;
  /** The parent is gone. */
  onGone(listener: () => void): void;
}

/** What Electron gives a utility process instead of an IPC channel. */
interface UtilityParentPort {
  postMessage(message: unknown): void;
  on(event: "message" | "close", listener: (event: unknown) => void): unknown;
}

/** Finds the parent, whichever way it started this process. Throws when this process was started by hand. */
export function connectParentProcess(): ParentProcess {
  const { parentPort } = process as unknown as { parentPort?: UtilityParentPort };
  if (parentPort !== undefined) {
    return utilityParent(parentPort);
  }
  if (process.send !== undefined) {
    return forkParent();
  }
  throw new Error(
    "The host is started by a shell of Orthomask, not by hand: use `orthomask serve` or the app.",
  );
}

function utilityParent(parentPort: UtilityParentPort): ParentProcess {
  const pages = new Arrivals<MessagePortLike>();
  const enginePorts = new Map<string, MessagePortLike>();
  parentPort.on("message", (event) => {
    const { data, ports } = event as { data: unknown; ports: readonly WebMessagePort[] };
    const ofEngine = enginePortMessageSchema.safeParse(data);
    for (const port of ports) {
      if (ofEngine.success) {
        enginePorts.set(ofEngine.data.engineId, webMessagePort(port));
      } else {
        pages.add(webMessagePort(port));
      }
    }
  });
  const port = webMessagePort(parentPort);
  return {
    channels: new Channels(port),
    takeEnginePort: (engineId) => {
      const taken = enginePorts.get(engineId) ?? null;
      enginePorts.delete(engineId);
      return taken;
    },
    onPage: (listener) => {
      pages.listen(listener);
    },
    onGone: (listener) => {
      port.onClose(listener);
    },
  };
}

function forkParent(): ParentProcess {
  const pages = new Arrivals<MessagePortLike>();
  const port = processPort(process);
  const channels = new Channels(port, (name) => {
    if (name.startsWith(PAGE_CHANNEL_PREFIX)) {
      pages.add(channels.open(name));
    }
  });
  return {
    channels,
    takeEnginePort: null,
    onPage: (listener) => {
      pages.listen(listener);
    },
    onGone: (listener) => {
      port.onClose(listener);
    },
  };
}

/** Things that may arrive before anyone listens. */
class Arrivals<T> {
  #early: T[] = [];
  #listener: ((arrival: T) => void) | null = null;

  add(arrival: T): void {
    if (this.#listener === null) {
      this.#early.push(arrival);
    } else {
      this.#listener(arrival);
    }
  }

  listen(listener: (arrival: T) => void): void {
    this.#listener = listener;
    for (const arrival of this.#early.splice(0)) {
      listener(arrival);
    }
  }
}
