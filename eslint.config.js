import globals from "globals";
import svelte from "eslint-plugin-svelte";
import tseslint from "typescript-eslint";

// A rule is an error or it is off: warnings are not read.
export default tseslint.config(
  {
    ignores: [
      "node_modules/",
      "out/",
      "dist/",
      "artifacts/",
      "fixtures/negative/",
      "src-main/raster/threads/assembly/",
    ],
  },
  {
    files: ["**/*.ts", "**/*.svelte.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          "./src-shared/tsconfig.json",
          "./src-main/tsconfig.json",
          "./src-renderer/tsconfig.json",
          "./e2e/tsconfig.json",
          "./tsconfig.tools.json",
        ],
        extraFileExtensions: [".svelte"],
      },
    },
    rules: {
      curly: ["error", "all"],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-console": "off",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "separate-type-imports" }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // Numbers in sentences are what this program prints all day.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // `(): void => callee()` says what it means.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // Handlers of a contract are async by their type even where one answers at once.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-extraneous-class": "off",
      // `z.void()` and `Promise<void>` unions are how calls without input or answer are typed.
      "@typescript-eslint/no-invalid-void-type": "off",
      // Rejections carry an AbortSignal's own reason.
      "@typescript-eslint/prefer-promise-reject-errors": "off",
      "@typescript-eslint/only-throw-error": "off",
      // The rule can't see that another turn of the event loop changes a field.
      "@typescript-eslint/no-unnecessary-condition": "off",
      // These cost a sixth of the time and have found nothing: there are no enums here, and classes are told apart by their private fields.
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      "@typescript-eslint/no-unsafe-enum-assignment": "off",
      "@typescript-eslint/no-unsafe-enum-comparison": "off",
      // Kernels index typed arrays in loops whose bounds are right by construction.
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    files: ["**/*.svelte"],
    extends: [tseslint.configs.strict, svelte.configs.recommended],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { parser: tseslint.parser, extraFileExtensions: [".svelte"] },
    },
    rules: {
      curly: ["error", "all"],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-non-null-assertion": "off",
      "svelte/no-at-html-tags": "error",
    },
  },
  {
    // What the page runs: the oldest Chromium it is tested on (108) lacks these.
    files: ["src-renderer/**/*.ts", "src-renderer/**/*.svelte", "src-shared/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.property.name=/^to(Sorted|Reversed|Spliced)$/]",
          message: "Chromium 108 has no such method: sort, reverse or splice a copy.",
        },
      ],
    },
  },
  {
    files: ["**/*.mjs", "**/*.js", "**/*.cjs"],
    languageOptions: { globals: globals.node },
    rules: {
      curly: ["error", "all"],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-undef": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
    },
  },
);
