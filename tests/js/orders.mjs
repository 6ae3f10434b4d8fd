/** All orders of some facts, for tests that say: whatever comes first, the end is the same. */

export function ordersOf(facts) {
  if (facts.length < 2) return [facts];
  return facts.flatMap((fact, index) =>
    ordersOf([...facts.slice(0, index), ...facts.slice(index + 1)]).map((others) => [fact, ...others]));
}

/** The ends that these orders lead to, as values, each once. Every fact is taken twice. */
export function endsOf(orders, start, show) {
  const ends = new Set();
  for (const order of orders) {
    let state = start;
    for (const fact of order) state = fact(fact(state));
    ends.add(JSON.stringify(show(state)));
  }
  return [...ends].map((end) => JSON.parse(end));
}
