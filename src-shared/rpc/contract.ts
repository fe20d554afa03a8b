import type { z } from "zod";

/** A method that answers once. */
export interface CallMethod<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly kind: "call";
  readonly input: Input;
  readonly output: Output;
}

/** A method that answers with items until it ends or the client leaves the loop. */
export interface StreamMethod<Input extends z.ZodType = z.ZodType, Item extends z.ZodType = z.ZodType> {
  readonly kind: "stream";
  readonly input: Input;
  readonly item: Item;
}

export type Method = CallMethod | StreamMethod;

/** Services by name, each with its methods by name. */
export type Contract = Readonly<Record<string, Readonly<Record<string, Method>>>>;

/** Declares a method that answers once. A method without input has `z.void()`. */
export function call<Input extends z.ZodType, Output extends z.ZodType>(
  input: Input,
  output: Output,
): CallMethod<Input, Output> {
  return { kind: "call", input, output };
}

/** Declares a method that answers with a stream of items. */
export function stream<Input extends z.ZodType, Item extends z.ZodType>(
  input: Input,
  item: Item,
): StreamMethod<Input, Item> {
  return { kind: "stream", input, item };
}

/** Declares a contract; only there so that the types of its methods are kept. */
export function defineContract<const C extends Contract>(contract: C): C {
  return contract;
}

/** How one call of a client is controlled. */
export interface CallOptions {
  /** Aborting rejects the call with `cancelled` at once and aborts the host's `context.signal`. */
  readonly signal?: AbortSignal | undefined;
}

/** What the host's method gets besides its input. */
export interface CallContext {
  /** Aborted when the client cancels, leaves the loop, or is gone. */
  readonly signal: AbortSignal;
}

/** `void` inputs may be left out. */
type ClientArguments<Input extends z.ZodType> =
  undefined extends z.input<Input>
    ? [input?: z.input<Input>, options?: CallOptions]
    : [input: z.input<Input>, options?: CallOptions];

type ClientMethod<M extends Method> =
  M extends CallMethod<infer Input, infer Output>
    ? (...args: ClientArguments<Input>) => Promise<z.output<Output>>
    : M extends StreamMethod<infer Input, infer Item>
      ? (...args: ClientArguments<Input>) => AsyncIterable<z.output<Item>>
      : never;

/** A contract as the caller sees it. Every failure is an `RpcError`. */
export type Client<C extends Contract> = {
  readonly [Service in keyof C]: {
    readonly [Name in keyof C[Service]]: ClientMethod<C[Service][Name]>;
  };
};

type MethodImplementation<M extends Method> =
  M extends CallMethod<infer Input, infer Output>
    ? (input: z.output<Input>, context: CallContext) => Promise<z.output<Output>> | z.output<Output>
    : M extends StreamMethod<infer Input, infer Item>
      ? (input: z.output<Input>, context: CallContext) => AsyncIterable<z.output<Item>>
      : never;

/** A contract as the host carries it out. Inputs have been parsed; what is thrown reaches the client as an `RpcError`. */
export type Implementation<C extends Contract> = {
  readonly [Service in keyof C]: {
    readonly [Name in keyof C[Service]]: MethodImplementation<C[Service][Name]>;
  };
};
