import { OAuthError, StatusError } from '@authority/errors';
import { countRefusal, observeRpcServer } from '@authority/telemetry';
import type { Outcome } from './batch.ts';

const parts = new Map<string, { service: string; method: string }>();

/** Rate, errors and duration of one RPC or batch item. */
export function observeServed(path: string, peer: string, outcome: Outcome, seconds: number): void {
  let names = parts.get(path);
  if (!names) {
    const slash = path.lastIndexOf('/');
    names = { service: path.slice(1, slash), method: path.slice(slash + 1) };
    parts.set(path, names);
  }
  observeRpcServer({ ...names, code: codeOf(outcome), peer }, seconds);
}

function codeOf(outcome: Outcome): string {
  if ('value' in outcome) return 'OK';
  const { error } = outcome;
  if (error instanceof OAuthError || error instanceof StatusError) countRefusal(error.reason);
  if (error instanceof OAuthError) return 'INVALID_ARGUMENT';
  return error instanceof StatusError ? error.code : 'INTERNAL';
}
