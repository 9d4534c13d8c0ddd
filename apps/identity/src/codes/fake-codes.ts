import type { Mail } from '../mails/kinds.ts';
import { digestOfAddress, type NewCode } from './code.ts';
import type { CodeFault, Codes, Judged, MailOf } from './ports.ts';

type Kept = NewCode & { attempts: number; used: boolean };

/** One-time codes in memory, and the mails that came with them. */
export class FakeCodes implements Codes {
  readonly kept: Kept[] = [];
  readonly mails: Mail[] = [];

  create = async (code: NewCode, mostPerDay: number, mail: MailOf): Promise<boolean> => {
    const before = this.kept.filter(({ address, madeAt }) => address === code.address && madeAt > code.madeAt - 86_400_000);
    if (before.length >= mostPerDay) return false;
    this.kept.push({ ...code, attempts: 0, used: false });
    const toAccount = code.sub === undefined ? 0 : this.kept.filter(({ sub }) => sub === code.sub).length;
    this.mails.push(mail({ forPurpose: 1 + before.filter(({ purpose }) => purpose === code.purpose).length, toAccount }));
    return true;
  };

  attempt = async ({ id, digest, mostAttempts, now }: Parameters<Codes['attempt']>[0]): Promise<Judged> => {
    const code = this.kept.find((one) => one.id === id);
    if (!code) return { fault: 'code_unknown' };
    const fault = this.#closedBy(code, now);
    if (fault !== undefined && fault !== 'code_superseded') return { fault };
    if (code.attempts >= mostAttempts) return { fault: 'code_exhausted' };
    code.attempts += 1;
    if (fault !== undefined) return { fault };
    if (code.codeDigest !== digest) return { fault: 'code_wrong' };
    code.used = true;
    return proven(code);
  };

  look = async ({ id, digest, now }: Parameters<Codes['look']>[0]): Promise<Judged> => {
    const code = this.kept.find((one) => one.id === id);
    if (code?.linkDigest !== digest) return { fault: 'code_unknown' };
    const fault = this.#closedBy(code, now);
    return fault === undefined ? proven(code) : { fault };
  };

  open = async (link: Parameters<Codes['open']>[0]): Promise<Judged> => {
    const judged = await this.look(link);
    const code = this.kept.find((one) => one.id === link.id);
    if ('proven' in judged && code) code.used = true;
    return judged;
  };

  #closedBy(code: Kept, now: number): CodeFault | undefined {
    if (code.used) return 'code_used';
    const same = this.kept.filter(
      ({ purpose, address }) => purpose === code.purpose && digestOfAddress(address) === digestOfAddress(code.address),
    );
    if (same.at(-1) !== code) return 'code_superseded';
    return code.expiresAt <= now ? 'code_expired' : undefined;
  }
}

const proven = ({ id, purpose, sub, browser, to, madeAt }: NewCode): Judged => ({
  proven: { id, purpose, sub, browser, address: sub === undefined ? undefined : to, at: madeAt },
});
