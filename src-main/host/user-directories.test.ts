import { expect, test } from "vitest";
import { userDirectories } from "./user-directories.ts";

test("follows XDG, and the variables of its own before that", () => {
  const linux = { platform: "linux", home: "/home/me" } as const;
  expect(userDirectories({ ...linux, environment: {} })).toStrictEqual({
    dataDirectory: "/home/me/.config/Orthomask",
    cacheDirectory: "/home/me/.cache/orthomask",
  });
  expect(
    userDirectories({
      ...linux,
      environment: { XDG_CONFIG_HOME: "/x", XDG_CACHE_HOME: "", ORTHOMASK_DATA: "" },
    }),
  ).toStrictEqual({ dataDirectory: "/x/Orthomask", cacheDirectory: "/home/me/.cache/orthomask" });
  expect(
    userDirectories({
      ...linux,
      environment: { XDG_CONFIG_HOME: "/x", ORTHOMASK_DATA: "/d", ORTHOMASK_CACHE: "/c" },
    }),
  ).toStrictEqual({ dataDirectory: "/d", cacheDirectory: "/c" });
});
