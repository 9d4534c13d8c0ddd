import { DpopKey } from '@authority/testing/suite';
import { formBytes } from './driver.ts';
import type { Flow } from './flows.ts';
import { basic, type Target } from './target.ts';

const warmUpRequests = 1_000;
/** More than either server answers in a second of one core. */
const mostPerSecond = 6_000;

/**
 * Each proof is good once, so they are made before the clock starts: as many as the run can use. One key signs them all, as
 * that of one client would; the server still reads and verifies it each time.
 */
export const dpop: Flow = {
  name: 'client_credentials, DPoP',
  async prepare(target, seconds) {
    const key = new DpopKey();
    const url = `${target.issuer}${target.paths.token}`;
    const nonce = await nonceOf(target, key, url);
    const form = { grant_type: 'client_credentials', ...target.machine.form };
    const proofs = Array.from({ length: warmUpRequests + Math.ceil(seconds * mostPerSecond) }, () =>
      key.proof('POST', url, { claims: { nonce } }),
    );
    const request = (proof: string): Buffer =>
      formBytes(target.paths.token, new URL(target.issuer).host, { authorization: basic(target.machine), dpop: proof }, form);
    return {
      next: () => {
        const proof = proofs.pop();
        return proof === undefined ? undefined : request(proof);
      },
      accepts: ({ status, body }) => status === 200 && body.includes('"DPoP"'),
      warmUpRequests,
    };
  },
};

/** Authority insists on one (RFC 9449 §8); the peer of the benchmark does without. */
async function nonceOf(target: Target, key: DpopKey, url: string): Promise<string | undefined> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: basic(target.machine), dpop: key.proof('POST', url) },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...target.machine.form }),
  });
  await answer.arrayBuffer();
  return answer.headers.get('dpop-nonce') ?? undefined;
}
