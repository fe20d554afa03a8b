import { settingWords } from "./sweep.ts";
import type { TrainingSettings, Upsampling } from "./training-settings.ts";

/** One setting of several trainings, side by side. */
export interface SettingsRow {
  /** Where it stands in the settings: `optimizer.kind`. */
  readonly key: string;
  /** As a person reads it: "optimizer", "learning rate". */
  readonly words: string;
  /** In the order of the trainings; `–` where one has no such setting. */
  readonly values: readonly string[];
  readonly differs: boolean;
}

/** Lists are told by their length: thousands of tiles are nothing to read. */
const LONGEST_LIST = 8;

/** What the ways to enlarge coarse features are called. */
export const upsamplingNames: Readonly<Record<Upsampling, string>> = {
  nearest: "Repeated pixels",
  bilinear: "Bilinear",
  transposed: "Transposed convolution",
  unpooling: "Remembered maxima",
};

/** A family of networks, as far as its own choices are told. */
interface KnownArchitecture {
  readonly id: string;
  /** Its own first. */
  readonly upsamplings: readonly Upsampling[];
  readonly width: { readonly default: number } | null;
}

/** All settings of several trainings as rows, in the order of the first that has them; what is left to the network is told where its family is known. */
export function settingsRows(
  settings: readonly TrainingSettings[],
  architectures: readonly KnownArchitecture[] = [],
): SettingsRow[] {
  const columns = settings.map((one) => new Map([...flattened(one, ""), ...told(one, architectures)]));
  const keys = [...new Set(columns.flatMap((column) => [...column.keys()]))].filter(
    (key) => key !== "version",
  );
  return keys.map((key) => {
    const values = columns.map((column) => column.get(key) ?? "–");
    return { key, words: settingWords(key), values, differs: new Set(values).size > 1 };
  });
}

/** Settings whose value says less than what it stands for. */
function told(
  { architecture, upsampling, width, inputPixels, tilePixels }: TrainingSettings,
  architectures: readonly KnownArchitecture[],
): [string, string][] {
  const family = architectures.find(({ id }) => id === architecture);
  const enlarging = upsampling ?? family?.upsamplings[0];
  const filters = width ?? family?.width?.default;
  return [
    ["inputPixels", String(inputPixels ?? tilePixels)],
    ["upsampling", enlarging === undefined ? "the network’s own" : upsamplingNames[enlarging]],
    ...(filters === undefined ? [] : [["width", String(filters)] satisfies [string, string]]),
  ];
}

function flattened(value: unknown, key: string): [string, string][] {
  if (Array.isArray(value)) {
    const isShort = value.length <= LONGEST_LIST && value.every((item) => typeof item !== "object");
    return [[key, isShort ? value.join(", ") : `${value.length} items, ${checksum(JSON.stringify(value))}`]];
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([name, item]) =>
      flattened(item, key === "" ? name : `${key}.${name}`),
    );
  }
  return [[key, value === null ? "none" : typeof value === "string" ? value : JSON.stringify(value)]];
}

/** Tells two long lists apart that are equally long: FNV-1a, 32 bits. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}
