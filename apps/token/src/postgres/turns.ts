/**
 * Runs groups of requests for one row each, one request a row and statement: equal requests of a group are one, and
 * different ones take turns in their order. Answers in the shape of the groups.
 */
export async function inTurns<I, O>(
  groups: readonly (readonly I[])[],
  turnOf: (input: I) => { order: number; equal: string },
  run: (inputs: readonly I[]) => Promise<O[]>,
): Promise<O[][]> {
  const queues = groups.map((group) => {
    const distinct = new Map(group.map((input) => [turnOf(input).equal, input]));
    return [...distinct].map(([equal, input]) => ({ equal, input })).sort((a, b) => turnOf(a.input).order - turnOf(b.input).order);
  });
  const answers = queues.map(() => new Map<string, O>());
  for (;;) {
    const turn = queues.flatMap((queue, at) => {
      const next = queue.shift();
      return next === undefined ? [] : [{ ...next, at }];
    });
    if (turn.length === 0) break;
    const outputs = await run(turn.map(({ input }) => input));
    for (const [place, { equal, at }] of turn.entries()) answers[at]?.set(equal, outputs[place] as O); // run answers each
  }
  return groups.map((group, at) => group.map((input) => answers[at]?.get(turnOf(input).equal) as O)); // each had its turn
}
