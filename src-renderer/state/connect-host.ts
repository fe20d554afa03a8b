import { contract } from "#shared/contract.ts";
import type { AppContract } from "#shared/contract.ts";
import { connectContract } from "#shared/rpc/client.ts";
import type { Client, Contract } from "#shared/rpc/contract.ts";
import type { MessagePortLike } from "#shared/rpc/port.ts";
import { deferredPort } from "#shared/rpc/ports/deferred-port.ts";
import { PORT_REQUESTER, handOverMessage } from "#shared/rpc/ports/page-hand-over.ts";
import type { PortRequester } from "#shared/rpc/ports/page-hand-over.ts";
import { webMessagePort } from "#shared/rpc/ports/web-message-port.ts";
import { webSocketPort } from "#shared/rpc/ports/web-socket-port.ts";

/** How the page stands with its host. `lost` carries a sentence for the user; `retrying` when it will try again by itself. */
export type LinkState =
  | { readonly kind: "connecting" }
  | { readonly kind: "connected" }
  | { readonly kind: "lost"; readonly reason: string; readonly retrying: boolean };

interface OpenOptions {
  /** May be called when the channel is known to be gone for a reason that its port can't tell. */
  readonly onLost: (reason: string) => void;
  /** Aborted when the channel is no longer wanted; nothing is listened to after that. */
  readonly signal: AbortSignal;
}

interface Way {
  readonly open: (options: OpenOptions) => Promise<MessagePortLike>;
  /** Whether a lost connection is tried again without being asked. */
  readonly retries: boolean;
}

/** Pauses between attempts, in milliseconds; the last one repeats. */
const RETRY_PAUSES = [500, 1000, 2000, 5000, 10_000] as const;

/** The page's connection to its host. One for the life of the page. */
export class HostLink<C extends Contract> {
  /**
   * Always calls over the present connection. Usable at once: calls wait while connecting, reject with `disconnected`
   * when the host is lost, and work again after it is back; streams end then and are begun anew by whoever reads them.
   */
  readonly client: Client<C>;
  readonly #contract: C;
  readonly #way: Way;
  readonly #listeners = new Set<(state: LinkState) => void>();
  #state: LinkState = { kind: "connecting" };
  #current: Client<C>;
  #close = (): void => undefined;
  #attempt = 0;
  #failures = 0;

  constructor(contractOfHost: C, way: Way) {
    this.#contract = contractOfHost;
    this.#way = way;
    this.#current = this.#connect();
    this.client = this.#delegate();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Calls `listener` at every change of state. Returns how to stop. */
  onChange(listener: (state: LinkState) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Calls `listener` with the reason whenever the host is lost. Returns how to stop. */
  onDisconnect(listener: (reason: string) => void): () => void {
    return this.onChange((state) => {
      if (state.kind === "lost") {
        listener(state.reason);
      }
    });
  }

  /** Connects again; on the desktop this also starts a new host when the last one has died. */
  reconnect(): void {
    this.#close();
    this.#current = this.#connect();
  }

  #connect(): Client<C> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    const port = deferredPort();
    const given = new AbortController();
    let reason: string | null = null;
    let gone = false;
    const lose = (why: string): void => {
      reason ??= why;
      if (gone && attempt === this.#attempt) {
        // The port ended before its reason was known.
        this.#change({ kind: "lost", reason, retrying: this.#way.retries });
      }
      port.close();
    };
    port.onClose(() => {
      gone = true;
      if (attempt === this.#attempt) {
        this.#lost(reason ?? "The connection to Orthomask was lost.");
      }
    });
    this.#close = () => {
      this.#attempt += 1;
      given.abort();
      port.close();
    };
    this.#change({ kind: "connecting" });
    this.#way.open({ onLost: lose, signal: given.signal }).then(
      (opened) => {
        port.attach(opened);
        if (attempt === this.#attempt && reason === null) {
          this.#failures = 0;
          this.#change({ kind: "connected" });
        }
      },
      (error: unknown) => {
        lose(error instanceof Error ? error.message : String(error));
      },
    );
    return connectContract(this.#contract, port);
  }

  #lost(reason: string): void {
    this.#change({ kind: "lost", reason, retrying: this.#way.retries });
    if (!this.#way.retries) {
      return;
    }
    const attempt = this.#attempt;
    const pause = RETRY_PAUSES[Math.min(this.#failures, RETRY_PAUSES.length - 1)];
    this.#failures += 1;
    setTimeout(() => {
      if (attempt === this.#attempt) {
        this.reconnect();
      }
    }, pause);
  }

  #change(state: LinkState): void {
    this.#state = state;
    for (const listener of this.#listeners) {
      listener(state);
    }
  }

  #delegate(): Client<C> {
    const methodOf = (service: string, method: string) => (this.#current as LooseClient)[service]?.[method];
    return Object.fromEntries(
      Object.entries(this.#contract).map(([service, methods]) => [
        service,
        Object.fromEntries(
          Object.keys(methods).map((method) => [
            method,
            (...args: readonly unknown[]) => methodOf(service, method)?.(...args),
          ]),
        ),
      ]),
    ) as unknown as Client<C>;
  }
}

/** A client by names, for handing calls on; the typed face is `Client`. */
type LooseClient = Record<string, Record<string, (...args: readonly unknown[]) => unknown>>;

/** Connects the page to its host: by the port that the desktop's preload script hands over, else by WebSocket. */
export function connectHost(): HostLink<AppContract> {
  return linkHost(contract);
}

/** As `connectHost`, for any contract. */
export function linkHost<C extends Contract>(contractOfHost: C): HostLink<C> {
  const requester = (window as unknown as Record<string, PortRequester | undefined>)[PORT_REQUESTER];
  return new HostLink(
    contractOfHost,
    requester === undefined
      ? { open: openWebSocket, retries: true }
      : { open: (options) => openHandedOverPort(requester, options), retries: false },
  );
}

function openHandedOverPort(
  requester: PortRequester,
  { onLost, signal }: OpenOptions,
): Promise<MessagePortLike> {
  return new Promise((resolve) => {
    const receive = (event: MessageEvent<unknown>): void => {
      const message = event.source === window ? handOverMessage(event.data) : null;
      if (message === null) {
        return;
      }
      switch (message.kind) {
        case "orthomask:port": {
          const [port] = event.ports;
          if (port !== undefined) {
            // Electron 22 crashes when it tells a port's end to a page that is just being reloaded; a port closed before has none.
            window.addEventListener(
              "pagehide",
              () => {
                port.close();
              },
              { signal },
            );
            resolve(webMessagePort(port));
          }
          return;
        }
        case "orthomask:host-gone":
          // Nobody else says so: a port whose other end died with its process just stays silent.
          onLost(message.reason);
          return;
      }
    };
    window.addEventListener("message", receive, { signal });
    requester.request();
  });
}

function openWebSocket(): Promise<MessagePortLike> {
  const url = new URL("/rpc", window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.addEventListener("open", () => {
      resolve(webSocketPort(socket));
    });
    socket.addEventListener("error", () => {
      reject(
        new Error(
          "Orthomask's server doesn't answer. If it was restarted, open the address that it printed.",
        ),
      );
    });
  });
}
