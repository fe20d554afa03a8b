import type { AppContract } from "#shared/contract.ts";
import type { PageFault } from "#shared/diagnostics.ts";
import type { Client } from "#shared/rpc/contract.ts";

/** What the log is told of at most in a page's life. */
const MOST_REPORTS = 20;

/** Tells the host's log what goes wrong in the page. Where the host is gone too, nobody can be told. */
export class PageFaults {
  readonly #client: Client<AppContract>;
  #reported = 0;

  constructor(client: Client<AppContract>) {
    this.#client = client;
  }

  /** Listens to what nobody caught. Returns how to stop. */
  watch(target: Window): () => void {
    const controller = new AbortController();
    const { signal } = controller;
    target.addEventListener("error", ({ error, message }) => this.report(error ?? message), { signal });
    target.addEventListener("unhandledrejection", ({ reason }) => this.report(reason), { signal });
    return () => {
      controller.abort();
    };
  }

  report(thrown: unknown, { fatal = false }: { readonly fatal?: boolean } = {}): void {
    this.#reported += 1;
    if (this.#reported > MOST_REPORTS && !fatal) {
      return;
    }
    this.#client.diagnostics.pageFailed(faultOf(thrown, fatal)).catch(() => undefined);
  }
}

function faultOf(thrown: unknown, fatal: boolean): PageFault {
  const [message, stack] =
    thrown instanceof Error
      ? [`${thrown.name}: ${thrown.message}`, thrown.stack ?? ""]
      : [String(thrown), ""];
  return { message: message.slice(0, 2000), stack: stack.slice(0, 8000), fatal };
}
