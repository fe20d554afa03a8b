/** The part of a keyboard event that decides which keys were pressed. */
export type KeyPress = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

/**
 * Whether a key press is the chord, written as "Ctrl+Alt+B", "?" or "F". `Ctrl` is also the Mac's command key. Signs such
 * as "?" and "+" are matched by what they write, whatever keys a layout needs for that.
 */
export function isChord(chord: string, press: KeyPress): boolean {
  const { key, modifiers } = splitChord(chord);
  const wanted = new Set(modifiers);
  const writesSign = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  return (
    press.key.toLowerCase() === key.toLowerCase() &&
    (press.ctrlKey || press.metaKey) === wanted.has("Ctrl") &&
    press.altKey === wanted.has("Alt") &&
    (writesSign || press.shiftKey === wanted.has("Shift"))
  );
}

/** Whether a chord has a modifier, so that it can't be mistaken for typing. */
export function hasModifier(chord: string): boolean {
  const { modifiers } = splitChord(chord);
  return modifiers.includes("Ctrl") || modifiers.includes("Alt");
}

function splitChord(chord: string): { key: string; modifiers: string[] } {
  // The last plus may be the key itself: "+" or "Ctrl++".
  const parts = chord === "+" ? ["+"] : chord.replace(/\+\+$/, "+plus").split("+");
  const key = parts.at(-1) ?? "";
  return { key: key === "plus" ? "+" : key, modifiers: parts.slice(0, -1) };
}
