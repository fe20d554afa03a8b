import { readdirSync, readFileSync } from "node:fs";

/** Processes below `ancestor` whose command has `word` in it. */
export function processesBelow(ancestor: number, word: string): number[] {
  const parents = new Map<number, number>();
  const found: number[] = [];
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const pid = Number(name);
      // After the command's name, which may hold anything, in parentheses: state and parent.
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(pid, Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
      if (readFileSync(`/proc/${name}/cmdline`, "utf8").includes(word)) {
        found.push(pid);
      }
    } catch {
      // It has ended meanwhile.
    }
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === ancestor || isBelow(parent));
  };
  return found.filter(isBelow);
}
