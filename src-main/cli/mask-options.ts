import { InvalidArgumentError, Option } from "commander";
import type { ClassMapping } from "#shared/metrics/id-pairs.ts";

/** `--map`: what values of masks are as classes of the truth. */
export function mapOption(): Option {
  return new Option(
    "--map <values>",
    "what values of the judged masks are as classes of the truth: 7=1,9=none",
  ).argParser(classMapping);
}

/** `--resample`: what is done with masks on another grid. */
export function resampleOption(): Option {
  return new Option(
    "--resample <way>",
    "take masks on another grid than the truth too, by the nearest pixel (default: they are refused)",
  ).choices(["nearest"]);
}

/** Reads `7=1,9=none`. */
function classMapping(text: string): ClassMapping {
  const pairs = text.split(",").map((pair) => /^\s*(\d{1,3})\s*=\s*(\d{1,3}|none)\s*$/.exec(pair));
  return Object.fromEntries(
    pairs.map((found) => {
      const [value, meant] = [Number(found?.[1]), found?.[2]];
      const id = meant === "none" ? null : Number(meant);
      if (found === null || value > 254 || (id !== null && id > 254)) {
        throw new InvalidArgumentError("Expected pairs such as 7=1,9=none, of numbers from 0 to 254.");
      }
      return [String(value), id];
    }),
  );
}
