import type { Page } from "@playwright/test";

/** Opens the page again in the made-up language, whose every text is in ⟦brackets⟧ and 40 % longer. */
export async function openInBrackets(page: Page): Promise<void> {
  const address = new URL(page.url());
  address.searchParams.set("language", "en-XA");
  await page.goto(address.href);
}

/**
 * Every text on the page that didn't come from the catalogue: text nodes in the document's order (a bracket may open in one and close
 * in another), options, and what elements say by their attributes. Code and keys are none, and neither is what has no two letters in a row.
 * @param data what the sample calls its classes, files and folders
 */
export function textsOutside(page: Page, data: readonly string[]): Promise<string[]> {
  return page.evaluate((names) => {
    const found = new Set<string>();
    let depth = 0;
    const outside = (text: string): string => {
      let rest = "";
      for (const letter of text) {
        if (letter === "⟦") {
          depth++;
        } else if (letter === "⟧") {
          depth--;
        } else if (depth === 0) {
          rest += letter;
        }
      }
      const words = names.reduce((left, name) => left.replaceAll(name, ""), rest.replace(/\s+/g, " "));
      // Numbers with units, addresses and paths, networks called by a number, and what a paper is cited by.
      return words
        .replace(
          /[\d.,]+ (kB|MB|GB|px|ha|km|m|s|min)\b|https:\/\/…|EPSG:\d+|FCN-\d+|\(.* arXiv:[\d.]+\)|\/[\w./-]+/g,
          "",
        )
        .trim();
    };
    const note = (text: string, where: string): void => {
      if (/\p{L}{2}/u.test(text)) {
        found.add(`${text} [${where}]`);
      }
    };
    const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = nodes.nextNode(); node !== null; node = nodes.nextNode()) {
      const element = node.parentElement;
      const text = outside(node.nodeValue ?? "");
      if (element !== null && element.closest("code, kbd, pre, script, style, [translate=no]") === null) {
        const named = element.closest("[data-testid]")?.getAttribute("data-testid") ?? "";
        note(text, `${element.tagName.toLowerCase()} in ${named}`);
      }
    }
    if (depth !== 0) {
      found.add(`brackets that don't close: ${depth}`);
    }
    for (const element of document.body.querySelectorAll("*")) {
      for (const name of [
        "aria-label",
        "title",
        "placeholder",
        "alt",
        "aria-description",
        "aria-valuetext",
      ]) {
        depth = 0;
        const value = element.getAttribute(name);
        if (value !== null && element.closest("[translate=no]") === null) {
          note(outside(value), `${name} of ${element.tagName.toLowerCase()}`);
        }
      }
    }
    return [...found];
  }, data);
}
