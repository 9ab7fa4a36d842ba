// Evaluates a C2PA asset rubric (C2PA Asset Rubrics 1.0) with Adobe's json-formula.
// Standard input: {"packages", "rubric": [information block, ...statements], "data", "spec"}.
// Standard output: {"statement id": true | false | "the error"}.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { packages, rubric, data, spec } = JSON.parse(readFileSync(0, "utf-8"));
const require = createRequire(`${packages}/`);
const { default: JsonFormula } = await import(pathToFileURL(require.resolve("@adobe/json-formula")));

const [block, ...statements] = rubric;
const named = block.expressions ?? {};
// A call's arguments are there as $args while its expression is evaluated; every name beginning
// with $ has to be known before anything is compiled.
const used = JSON.stringify(rubric).match(/\$[A-Za-z_]\w*/g) ?? [];
const globals = { ...Object.fromEntries(used.map((name) => [name, null])), ...block.variables };
globals.$expected_spec_version = spec;
const compiled = {};
const functions = Object.fromEntries(Object.keys(named).map((name) => [name, {
  _func: (args, here, interpreter) => {
    const before = interpreter.globals.$args;
    interpreter.globals.$args = args;
    try {
      return interpreter.search(compiled[name], here);
    } finally {
      interpreter.globals.$args = before;
    }
  },
  _signature: [{ types: [1], optional: true, variadic: true }],
}]));
const formula = new JsonFormula(functions);
for (const [name, expression] of Object.entries(named)) {
  compiled[name] = formula.compile(expression.trim(), Object.keys(globals));
}

const holds = (statement, value) => {
  if (statement.failIfMatched || statement.warnIfMatched) {
    return !(Array.isArray(value) && value.length > 0);
  }
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
};
const found = {};
for (const statement of statements) {
  try {
    found[statement.id] = holds(
      statement, formula.search(statement.expression.trim(), data, globals),
    );
  } catch (error) {
    found[statement.id] = String(error);
  }
}
process.stdout.write(JSON.stringify(found));
