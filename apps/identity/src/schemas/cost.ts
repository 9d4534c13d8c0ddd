import { isObject } from './annotation.ts';
import { LinearRegExp } from './linear-regexp.ts';

/** Of patterns alone it would be some 30 ms for texts of full length. */
const mostCost = 4000;

/**
 * What one set of traits can cost at most: each schema is judged once for each place that refers to it and each item of a
 * list, and a pattern costs its size for each character. Definitions that refer to one another double with each of them
 * (the "billion laughs"), so the sum is made before anything is compiled, each definition once.
 */
export function costFault(root: Readonly<Record<string, unknown>>): string | undefined {
  const definitions = isObject(root['$defs']) ? root['$defs'] : {};
  const known = new Map<string, number>();
  const open = new Set<string>();

  const costOfReference = (name: string): number => {
    const found = known.get(name);
    if (found !== undefined) return found;
    if (open.has(name)) return Infinity;
    open.add(name);
    const cost = costOf(definitions[name]);
    open.delete(name);
    known.set(name, cost);
    return cost;
  };
  const costOf = (schema: unknown): number => {
    if (!isObject(schema)) return 1;
    const { $ref, $defs: _, pattern, items, maxItems, properties, enum: choices, ...others } = schema;
    const once = [...Object.values(isObject(properties) ? properties : {}), ...Object.values(others).flat()].filter(isObject);
    return [
      1,
      typeof $ref === 'string' ? costOfReference($ref.slice('#/$defs/'.length)) : 0,
      typeof pattern === 'string' ? new LinearRegExp(pattern).size : 0,
      items === undefined ? 0 : costOf(items) * Number(maxItems ?? 50),
      Array.isArray(choices) ? choices.length : 0,
      ...once.map(costOf),
    ].reduce((sum, one) => sum + one, 0);
  };

  const cost = costOf(root);
  const circle = Object.keys(definitions).some((name) => costOfReference(name) === Infinity);
  if (circle || cost === Infinity) return 'refers to itself in a circle';
  return cost > mostCost ? `costs too much to judge by: ${cost} of at most ${mostCost} steps for each set of traits` : undefined;
}
