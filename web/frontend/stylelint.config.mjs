// stylelint: the standard rules over the pages' styles.
export default {
  extends: ["stylelint-config-standard"],
  rules: {
    // Vite resolves the names of packages, which are no addresses.
    "import-notation": "string",
    // A rule is nested in the component that it is of, so two that end in the same element never meet.
    "no-descending-specificity": null,
  },
};
