import { installTools } from './tools.ts';

/** Vitest's globalSetup of the chart tier. */
export async function setup(): Promise<void> {
  await installTools();
}
