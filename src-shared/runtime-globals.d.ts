// What the page, Node and the engine all have, though TypeScript's ES library doesn't list it. Only the checks of
// src-shared alone see this file; everywhere else the real declarations of DOM or Node apply.
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
  throwIfAborted(): void;
}
interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
declare const AbortController: new () => AbortController;
declare function queueMicrotask(callback: () => void): void;
declare function structuredClone<T>(value: T): T;
