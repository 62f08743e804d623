// Layout of the pages' sources. Line length is that of the Python code and of .editorconfig.
export default { printWidth: 120 };
