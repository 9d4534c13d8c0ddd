import type { Asked } from '../accounts/asked.ts';
import type { Submission } from './method.ts';
import type { Person } from './state.ts';

/** A change that a person makes themselves. */
export const askedBy = ({ now, address, userAgent, flow }: Submission, { sub }: Pick<Person, 'sub'>): Asked => ({
  ...{ actor: `user:${sub}`, at: now, address, userAgent, locale: flow.locale },
});
