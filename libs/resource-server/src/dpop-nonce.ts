import { createHmac, timingSafeEqual } from 'node:crypto';

/** Seconds for which a nonce is given out; it counts for twice as long. */
const step = 60;

/** Nonces of this API (RFC 9449 §9): a time and a MAC over it, so that processes with the same secret need share nothing else. */
export class DpopNonces {
  constructor(private readonly secret: Uint8Array) {}

  current(now: number): string {
    return this.at(Math.floor(now / 1000 / step));
  }

  isGood(nonce: unknown, now: number): boolean {
    if (typeof nonce !== 'string') return false;
    const window = Math.floor(now / 1000 / step);
    return [window, window - 1].some((one) => isEqual(nonce, this.at(one)));
  }

  private at(window: number): string {
    const mac = createHmac('sha256', this.secret).update(`authority resource server nonce 1\0${window}`).digest();
    return mac.subarray(0, 16).toString('base64url');
  }
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
