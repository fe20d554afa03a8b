import { z } from "zod";
import { shellCommandSchema } from "#shared/contract.ts";
import { call, defineContract } from "#shared/rpc/contract.ts";
import { updateStateSchema, updateWishSchema } from "#shared/updates.ts";

/** Names of the channels between a host in its own process and the shell that started it. */
export const HOST_CHANNEL = "host";
export const SHELL_CHANNEL = "shell";
export const ENGINES_CHANNEL = "engines";
/** Channels of pages begin with this; a counter follows. */
export const PAGE_CHANNEL_PREFIX = "page-";

/** What a utility process is sent along with a page's port. */
export const PAGE_PORT_MESSAGE = "orthomask:page-port";

/** What a utility process is sent along with a port of its own: to the host that of an engine, to an engine that of the host. */
export const enginePortMessageSchema = z.strictObject({
  kind: z.literal("orthomask:engine-port"),
  engineId: z.string(),
});
export type EnginePortMessage = z.infer<typeof enginePortMessageSchema>;

/** What the shell asks of a host in another process. */
export const hostContract = defineContract({
  host: {
    start: call(
      z.strictObject({
        dataDirectory: z.string(),
        cacheDirectory: z.string(),
        /** The engine's script. */
        enginePath: z.string(),
        allowedRoots: z.union([z.literal("anywhere"), z.array(z.string())]),
        initialFolder: z.string().nullable(),
        version: z.string(),
        capabilities: z.strictObject({
          nativeFolderDialog: z.boolean(),
          saveDialog: z.boolean(),
          revealInFolder: z.boolean(),
          download: z.boolean(),
          printToPdf: z.boolean(),
          dropPaths: z.boolean(),
        }),
      }),
      z.void(),
    ),
    showFolder: call(z.strictObject({ folderPath: z.string() }), z.void()),
    takeDropped: call(z.strictObject({ paths: z.array(z.string()) }), z.void()),
    command: call(z.strictObject({ command: shellCommandSchema }), z.void()),
    close: call(z.void(), z.void()),
  },
});

/** What a host in another process asks of its shell: `ShellBridge` as a contract. */
export const shellContract = defineContract({
  shell: {
    chooseFolder: call(z.void(), z.string().nullable()),
    chooseSaveFile: call(z.strictObject({ suggestedName: z.string() }), z.string().nullable()),
    reveal: call(z.strictObject({ filePath: z.string() }), z.void()),
    printToPdf: call(z.strictObject({ htmlPath: z.string(), pdfPath: z.string() }), z.void()),
    updates: call(z.strictObject({ wish: updateWishSchema }), updateStateSchema),
    setBusy: call(z.strictObject({ reason: z.string().nullable() }), z.void()),
    setRecentFolders: call(
      z.strictObject({ folders: z.array(z.strictObject({ name: z.string(), folderPath: z.string() })) }),
      z.void(),
    ),
  },
});

/**
 * How a host in a utility process gets its engines: from the shell, which alone can start such processes. A shipped app can't be
 * run as Node (the fuse `RunAsNode` is off), so the host can't fork one itself.
 */
export const enginesContract = defineContract({
  engines: {
    /** Starts one; its port has reached the host when the answer comes. */
    launch: call(z.void(), z.strictObject({ engineId: z.string(), pid: z.int() })),
    /** Ends it at once, as `kill -9` would. */
    kill: call(z.strictObject({ engineId: z.string() }), z.void()),
    /** Answers when it is gone. */
    exited: call(
      z.strictObject({ engineId: z.string() }),
      z.strictObject({ code: z.int().nullable(), signal: z.string().nullable(), outputTail: z.string() }),
    ),
  },
});
