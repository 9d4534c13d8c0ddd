export { run } from './run.ts';
export type { Out, Surroundings } from './surroundings.ts';
