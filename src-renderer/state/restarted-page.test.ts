import { expect, test } from "vitest";
import { takeRestarted } from "./restarted-page.ts";

test("a page that was loaded again says so once", () => {
  const location = { search: "?restarted", pathname: "/" };
  const history = {
    replaceState: (_data: unknown, _unused: string, url?: string | URL | null) => {
      location.search = new URL(String(url), "app://page/").search;
    },
  };
  expect(takeRestarted({ location, history })).toBe(true);
  expect(takeRestarted({ location, history })).toBe(false);
});
