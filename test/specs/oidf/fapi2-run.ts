import type { Answer, Operator, Suite } from '@authority/testing/suite';
import { expect } from 'vitest';
import type { Bank, BankVariant } from '../fapi2/bank.ts';

/** What the modules of one variant share: a server, and two clients of the same person. */
export interface Fapi2Run {
  readonly suite: Suite;
  readonly operator: Operator;
  readonly variant: BankVariant;
  readonly bank: Bank;
  readonly other: Bank;
  /** A client that the person has not yet allowed anything. */
  unknown(): Promise<Bank>;
}

export type Fapi2Module = (run: Fapi2Run) => Promise<void>;

export const seconds = (): number => Math.floor(Date.now() / 1000);

export async function outcome(answer: Promise<Answer>): Promise<string> {
  const { status, json } = await answer;
  return `${status} ${json()['error'] ?? 'ok'}`;
}

/** The whole flow; answers what the token endpoint did. */
export async function happy({ bank }: Fapi2Run, changes: Readonly<Record<string, string | undefined>> = {}) {
  const answer = await bank.exchange(bank.redeem(await bank.code(changes)));
  expect(answer.status).toBe(200);
  return answer.json() as Readonly<Record<string, string>>; // RFC 6749 §5.1, but for expires_in
}

/** A request that is refused where it is pushed. */
export const refusedPush =
  (changes: Readonly<Record<string, string | undefined>>): Fapi2Module =>
  async ({ bank }) => {
    expect(await outcome(bank.push(changes))).toMatch(
      /^400 (invalid_request|invalid_request_object|unsupported_response_type|unauthorized_client)$/,
    );
  };

/** The claims are made as the module runs, so that their times are those of then. */
export const refusedAssertion =
  (claims: (run: Fapi2Run) => object, alg?: 'RS256'): Fapi2Module =>
  async (run) => {
    const by = await run.bank.assertion(claims(run), alg);
    expect(await outcome(run.bank.push({}, { by }))).toBe('401 invalid_client');
  };

/** What is made in `act` has ended when this answers. */
export async function lifetimeOf(run: Fapi2Run, setting: string, usual: number, act: () => Promise<void>): Promise<void> {
  await run.operator.setSetting(setting, 5);
  await act();
  await run.operator.setSetting(setting, usual);
  await new Promise((resolve) => setTimeout(resolve, 5_500));
}
