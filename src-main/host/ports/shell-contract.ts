import { z } from "zod";
import { shellCommandSchema } from "#shared/contract.ts";
import { call, defineContract } from "#shared/rpc/contract.ts";

/** Names of the two channels between a host in its own process and the shell that started it. */
export const HOST_CHANNEL = "host";
export const SHELL_CHANNEL = "shell";
/** Channels of pages begin with this; a counter follows. */
export const PAGE_CHANNEL_PREFIX = "page-";

/** What a utility process is sent along with a page's port. */
export const PAGE_PORT_MESSAGE = "orthomask:page-port";

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
        }),
      }),
      z.void(),
    ),
    showFolder: call(z.strictObject({ folderPath: z.string() }), z.void()),
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
    setBusy: call(z.strictObject({ reason: z.string().nullable() }), z.void()),
    setRecentFolders: call(
      z.strictObject({ folders: z.array(z.strictObject({ name: z.string(), folderPath: z.string() })) }),
      z.void(),
    ),
  },
});
