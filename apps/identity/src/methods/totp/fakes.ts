import type { Asked } from '../../accounts/asked.ts';
import type { KeptTotp, NewTotp, Totps } from './totps.ts';

/** Authenticator apps in memory. */
export class FakeTotps implements Totps {
  readonly bySub = new Map<string, KeptTotp & { readonly step: number }>();
  readonly actors: string[] = [];
  at = 1000;

  find = async (sub: string): Promise<KeptTotp | undefined> => this.bySub.get(sub);

  add = async (sub: string, totp: NewTotp, asked: Asked): Promise<{ at: number } | undefined> => {
    if (this.bySub.has(sub)) return undefined;
    this.actors.push(asked.actor);
    this.bySub.set(sub, { ...totp, createdAt: this.at, lastUsedAt: undefined });
    return { at: this.at };
  };

  use = async (sub: string, { sealed, step }: { sealed: string; step: number }): Promise<{ at: number } | undefined> => {
    const kept = this.bySub.get(sub);
    if (!kept || kept.sealed !== sealed || kept.step >= step) return undefined;
    this.bySub.set(sub, { ...kept, step });
    return { at: this.at };
  };

  remove = async (sub: string): Promise<boolean> => this.bySub.delete(sub);
}
