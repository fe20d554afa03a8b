import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const updateSettingsSchema = z.strictObject({
  version: z.literal(1),
  /** The address below which `latest.yml` and the installers lie; null for none. */
  feed: z.string().nullable().default(null),
  /** Whether the user has said that it may look there. */
  look: z.boolean().default(false),
});

/** The user's `updates.json`: which feed there is, and whether the app may look at it. */
export type UpdateSettings = z.infer<typeof updateSettingsSchema>;

/** Where the feed may be and whether it may be looked at: `updates.json` in the data folder; `ORTHOMASK_UPDATE_FEED` names the feed before it. Whatever can't be read counts as no feed and no consent. */
export function readUpdateSettings(
  dataDirectory: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): UpdateSettings {
  const settings = readFile(dataDirectory);
  const named = environment["ORTHOMASK_UPDATE_FEED"] ?? "";
  return named === "" ? settings : { ...settings, feed: named };
}

/** Remembers whether the app may look; the feed stays what the file says, also where the environment names another. */
export function writeUpdateConsent(dataDirectory: string, look: boolean): void {
  const file = settingsFile(dataDirectory);
  mkdirSync(dataDirectory, { recursive: true });
  writeFileSync(`${file}.partial`, `${JSON.stringify({ ...readFile(dataDirectory), look }, null, 2)}\n`);
  renameSync(`${file}.partial`, file);
}

/** The address as it can be used; throws one sentence for one that can't. Only the machine itself may be asked without encryption. */
export function checkedFeed(feed: string): string {
  const address = parsed(feed);
  const local = address !== null && ["127.0.0.1", "[::1]", "localhost"].includes(address.hostname);
  if (address?.protocol !== "https:" && !(local && address.protocol === "http:")) {
    throw new Error(`The update feed must be an https:// address, but is "${feed}".`);
  }
  return address.href;
}

/** `URL.canParse` would be shorter, but Electron 22 hasn't got it. */
function parsed(address: string): URL | null {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}

function readFile(dataDirectory: string): UpdateSettings {
  try {
    return updateSettingsSchema.parse(JSON.parse(readFileSync(settingsFile(dataDirectory), "utf8")));
  } catch {
    return { version: 1, feed: null, look: false };
  }
}

function settingsFile(dataDirectory: string): string {
  return path.join(dataDirectory, "updates.json");
}
