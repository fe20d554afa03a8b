/** The part of WebAssembly's own interface that we use; Node's types leave it to the browser's. */
declare namespace WebAssembly {
  class Module {
    constructor(program: Uint8Array);
  }
  class Instance {
    constructor(
      module: Module,
      imports: Readonly<Record<string, Readonly<Record<string, (() => unknown) | Memory>>>>,
    );
    readonly exports: unknown;
  }
  class Memory {
    constructor(size: { readonly initial: number; readonly maximum: number; readonly shared: true });
    /** A SharedArrayBuffer where it was made as shared memory. */
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
}
