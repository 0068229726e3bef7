const tests = [];

export function test(name, body) {
  tests.push({ name, body });
}

/** Compares values as JSON. */
export function equal(actual, expected) {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== e) {
    throw new Error(`expected ${e} but was ${a}`);
  }
}

/** Runs all tests; returns the error of each by its name, null where there is none. */
export async function run() {
  const results = {};
  for (const { name, body } of tests) {
    try {
      await body();
      results[name] = null;
    } catch (error) {
      results[name] = String(error.stack ?? error);
    }
  }
  return results;
}
