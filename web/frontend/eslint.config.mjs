// ESLint: the strict, type-aware rules of typescript-eslint over src/, its plain rules over the files of the build.
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const KEPT = ["localStorage", "sessionStorage", "indexedDB", "caches", "cookieStore"];
const SENT = ["fetch", "XMLHttpRequest", "EventSource", "WebSocket"];
const WHERE = "browser/kept.ts owns what the browser keeps, api/client.ts what it sends: each is one person's.";

export default defineConfig(
  globalIgnores([
    "src/api/schema.d.ts", // generated
  ]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  { files: ["*.mjs", "*.ts"], extends: [tseslint.configs.strict] },
  {
    files: ["src/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Prettier breaks code, but neither comments nor strings.
      "max-len": ["error", { code: 120, ignoreUrls: true }],
      // `() => this.close()` handles an event in one line, `return this.close()` leaves early. Using the value stays
      // forbidden.
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidOperator: true, ignoreVoidReturningFunctions: true },
      ],
      // A number in a text is what it looks like. Objects, null and undefined stay forbidden.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // With noUncheckedIndexedAccess every element of an array within its bounds, and every element that the page's
      // own template holds, would need a branch that is never taken. TypeScript checks the rest.
      "@typescript-eslint/no-non-null-assertion": "off",
      // `ask<Lesson>(...)` names the shape of an answer that the API's schema describes, at the place that asks.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
    },
  },
  {
    // What one person keeps in the browser is hers alone: browser/kept.ts owns the storage. Every request says whose
    // page it is: api/client.ts sends them.
    files: ["src/**/*.ts"],
    rules: {
      "no-restricted-globals": ["error", ...KEPT, ...SENT].map((one) =>
        one === "error" ? one : { name: one, message: WHERE },
      ),
      "no-restricted-properties": [
        "error",
        ...["window", "globalThis", "self", "top", "parent", "frames"].flatMap((object) =>
          [...KEPT, ...SENT].map((property) => ({ object, property, message: WHERE })),
        ),
        ...["cookie", "requestStorageAccess"].map((property) => ({ object: "document", property, message: WHERE })),
        ...["storage", "serviceWorker", "sendBeacon"].map((property) => ({
          object: "navigator",
          property,
          message: WHERE,
        })),
      ],
    },
  },
  {
    // A key means the same everywhere: keys/hear.ts describes it, keys/meaning.ts decides.
    files: ["src/**/*.ts"],
    ignores: ["src/keys/hear.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.property.name='addEventListener'] > Literal:first-child[value=/^key/]",
          message: "hearKeys of keys/hear.ts knows input methods, layouts and keys that are held.",
        },
        {
          selector: "AssignmentExpression > MemberExpression.left[property.name=/^onkey/]",
          message: "hearKeys of keys/hear.ts knows input methods, layouts and keys that are held.",
        },
      ],
    },
  },
  { files: ["src/browser/kept.ts"], rules: { "no-restricted-globals": ["error", ...SENT] } },
  { files: ["src/api/client.ts"], rules: { "no-restricted-globals": ["error", ...KEPT, "XMLHttpRequest"] } },
  { files: ["src/live/page.ts"], rules: { "no-restricted-globals": ["error", ...KEPT, "fetch", "XMLHttpRequest"] } },
  {
    // A text stands in one piece, so that a search for it finds it.
    files: ["src/text/words.ts"],
    rules: { "max-len": ["error", { code: 120, ignoreStrings: true, ignoreTemplateLiterals: true }] },
  },
  {
    // The types of the browser promise everywhere what it keeps for secure pages; this file asks whether it is there.
    files: ["src/browser/secure_context.ts"],
    rules: { "@typescript-eslint/no-unnecessary-condition": "off" },
  },
  {
    // A stand-in for a browser's function keeps its kind: a class without members, a promise without a wait.
    files: ["src/**/*.test.ts"],
    rules: {
      "@typescript-eslint/no-extraneous-class": "off",
      "@typescript-eslint/require-await": "off",
    },
  },
);
